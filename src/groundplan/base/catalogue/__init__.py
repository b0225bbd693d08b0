"""数据目录: what the city has, who answers for it, and where it is mounted."""
