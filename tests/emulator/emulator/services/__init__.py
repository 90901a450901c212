"""What moto lacks, one file per AWS service; `server.py` puts it together.

Every extension replaces the method of a moto response class that answers one operation and
returns plain values; moto then writes them in the wire format of botocore's service model.
"""
