"""A name server for one name, as a headless Service has it: the addresses of the pods that are ready now (RFC 1035, class IN, type A)."""
import socket
import struct
import threading

A, HEADER = 1, struct.Struct(">HHHHHH")


class Names:
    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.addresses = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                query, client = self._socket.recvfrom(512)
            except OSError:  # closed
                return
            self._socket.sendto(self._answer(query), client)

    def _answer(self, query):
        """Whatever name is asked for is the one. Its text begins behind the header, and an answer points there (4.1.4)."""
        number, _, _, *_ = HEADER.unpack_from(query)
        end = query.index(0, HEADER.size) + 5
        (kind,) = struct.unpack_from(">H", query, end - 4)
        addresses = list(self.addresses) if kind == A else []
        records = b"".join(struct.pack(">HHHIH4s", 0xC00C, A, 1, 1, 4, socket.inet_aton(address)) for address in addresses)
        return HEADER.pack(number, 0x8580, 1, len(addresses), 0, 0) + query[HEADER.size : end] + records

    def close(self):
        self._socket.close()
