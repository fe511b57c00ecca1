"""Callbacks without a handle: the methods of protocols that transports call.

    protocols.py TRUTH

Streams, TLS, buffered protocols and datagrams; each is called often, and is slow once.
"""

import asyncio
import socket
import ssl
import sys

from truth import GroundTruth, loop_waits_for_go

ROUNDS = 20
SLOW = b"slow"
# The cipher needs no certificate, as there is no other peer.
CIPHERS = "AECDH-AES128-SHA:@SECLEVEL=0"


class Echo(asyncio.Protocol):
    def __init__(self, truth):
        self.truth = truth
        self.received = 0

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        type(self).total += 1
        if data == SLOW:
            self.truth.stall(of=self.data_received)
        self.transport.write(data)

    total = 0


class TlsEcho(Echo):
    total = 0

    def data_received(self, data):
        if data == SLOW:
            # uvloop calls this method from its own protocol for TLS
            self.truth.stall(of=tls_callback())
        self.transport.write(data)


class Buffered(asyncio.BufferedProtocol):
    total = 0

    def __init__(self, truth):
        self.truth = truth
        self.buffer = bytearray(64)

    def connection_made(self, transport):
        self.transport = transport

    def get_buffer(self, sizehint):
        return self.buffer

    def buffer_updated(self, nbytes):
        type(self).total += 1
        data = bytes(self.buffer[:nbytes])
        if data == SLOW:
            self.truth.stall(of=self.buffer_updated)
        self.transport.write(data)


class Datagrams(asyncio.DatagramProtocol):
    total = 0

    def __init__(self, truth):
        self.truth = truth

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        type(self).total += 1
        if data == SLOW:
            self.truth.stall(of=self.datagram_received)
        self.transport.sendto(data, address)


def tls_callback():
    """The callback that runs when TLS data arrives; from 0.23 on it is called without a method."""
    import uvloop

    newer = tuple(map(int, uvloop.__version__.split(".")[:2])) >= (0, 23)
    return "protocol callback" if newer else "buffer_updated"


def tls(protocol):
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    return context


async def talk(protocol, truth, server_tls=None, client_tls=None):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(truth), "127.0.0.1", 0, ssl=server_tls)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(),
                                                   ssl=client_tls)
    for text in [b"fast"] * ROUNDS + [SLOW]:
        writer.write(text)
        await reader.readexactly(len(text))
    writer.close()
    server.close()
    await asyncio.sleep(0.01)


async def send_datagrams(truth):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(truth),
                                                       local_addr=("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(transport.get_extra_info("sockname"))
        client.setblocking(False)
        for text in [b"fast"] * ROUNDS + [SLOW]:
            client.send(text)
            await loop.sock_recv(client, 64)
    transport.close()
    await asyncio.sleep(0.01)


async def run(path):
    truth = GroundTruth(path)
    server_tls, client_tls = tls(ssl.PROTOCOL_TLS_SERVER), tls(ssl.PROTOCOL_TLS_CLIENT)
    await loop_waits_for_go()
    await talk(Echo, truth)
    await talk(TlsEcho, truth, server_tls, client_tls)
    await talk(Buffered, truth)
    await send_datagrams(truth)
    truth.count(Echo.data_received, Echo.total)
    truth.count(Buffered.buffer_updated, Buffered.total)
    truth.count(Datagrams.datagram_received, Datagrams.total)
    truth.write()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
