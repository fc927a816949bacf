"""The whole system on one machine: embedded or real servers, three services, three workers and the relay."""
