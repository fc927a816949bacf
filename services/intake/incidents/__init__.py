"""Incidents that may end a membership (退出机制), and notices that are only shown beside them."""
