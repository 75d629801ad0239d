"""GraphQL: the schema that speaks for the services, and the guards that stand around it.

What belongs here: translation between GraphQL and the services, limits, the HTTP and WebSocket protocol. What does not:
decisions (`domain`), SQL (`store`), anything that REST needs as well (`services`).
"""
