"""Notices: what somebody should know, in the house and over registered channels."""
