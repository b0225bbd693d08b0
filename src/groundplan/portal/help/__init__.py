"""Help (帮助) on each page: what the page is for, what one can do, its words, whom to ask; search and handbooks."""
