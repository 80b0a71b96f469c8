"""Cases to hearings: who sits where and when, which case goes to which hearing."""
