"""The three services of Peiyu and the `peiyu` command."""
