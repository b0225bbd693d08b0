"""旁路运行: this system beside the vendor's, day after day, judging every row and touching nobody."""
