"""What a person has begun to write and not sent: it stops nothing, is theirs alone, and is forgotten after its time."""
