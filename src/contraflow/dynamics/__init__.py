"""The economy month by month: clans that learn, a state that searches, policies that change by date."""
