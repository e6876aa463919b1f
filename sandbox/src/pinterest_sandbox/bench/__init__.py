"""The project's budgets beside what is measured on this machine: what ``make bench`` runs."""
