"""What is computed only to be looked at: the numbers behind the pictures, without a word of how they are drawn."""
