"""The economy month by month: clans who learn, a state that searches, dates."""
