"""The brand 好味道 (Haoweidao), invented: safe snacks for children, adults and old people; its people, its past."""
