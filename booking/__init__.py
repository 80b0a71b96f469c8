"""Who takes what and why: holds, requests, bookings, and the people they are for."""
