"""The screens people work in all day: home, contacts, orders, channels and spend, the cohort board."""
