"""What terminal and hub say to each other: typed messages and signatures."""
