"""知识库: standard answers with versions, owners and a date by which they are looked at again."""
