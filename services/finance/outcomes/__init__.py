"""What banks answer: credit outcomes of enterprises on a list, with the patents pledged."""
