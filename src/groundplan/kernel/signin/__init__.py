"""双因素认证与对外登录: second factors, programs as clients, and other identity providers."""
