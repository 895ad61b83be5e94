"""What people see: the command line, the counter, the kiosk, and every word in both languages."""
