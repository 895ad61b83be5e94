"""What terminals and hub say to each other: messages, signatures, enrolment. Shared by both."""
