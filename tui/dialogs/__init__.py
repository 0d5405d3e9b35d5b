"""Modal questions, one file each: Esc goes back, Enter answers, a mistake is said in place."""
