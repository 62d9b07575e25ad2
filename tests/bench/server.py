"""A dyndns2 server over TLS 1.3, quick and steady: no framework, one thread for each connection.

    server.py PORT CERTIFICATE KEY

It prints `ready`, then one line for each request after it has been answered:

    RECEIVED-NS ANSWERED-NS CLIENT-ADDRESS TARGET

The times are of CLOCK_MONOTONIC, which every namespace of the machine shares.
"""
import os
import socket
import ssl
import sys
import threading
import time

# A client whose address was taken away never says goodbye.
GIVE_UP_S = 30


def answer(target):
    query = dict(pair.partition("=")[::2] for pair in target.partition("?")[2].split("&"))
    names = query.get("hostname", "").replace("%2C", ",").split(",")
    body = "".join(f"good {query.get('myip', '')}\n" for _ in names)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def converse(context, connection, client):
    try:
        connection.settimeout(GIVE_UP_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(connection, server_side=True) as tls:
            text = b""
            received = None
            while part := tls.recv(65536):
                received = received or time.monotonic_ns()
                text += part
                while b"\r\n\r\n" in text:
                    head, text = text.split(b"\r\n\r\n", 1)
                    first = head.split(b"\r\n")[0].split(b" ")
                    target = first[1].decode()
                    tls.sendall(answer(target))
                    os.write(1, f"{received} {time.monotonic_ns()} {client[0]} {target}\n".encode())
                    received = None
                    if first[2] == b"HTTP/1.0" or b"connection: close" in head.lower():
                        return
    except OSError as error:
        print(f"server: {client[0]}: {error}", file=sys.stderr, flush=True)


def main():
    port, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("", int(port)), backlog=256)
    os.write(1, b"ready\n")
    while True:
        connection, client = listener.accept()
        threading.Thread(target=converse, args=(context, connection, client), daemon=True).start()


main()
