#ifndef SLUICE_TESTS_BENCH_LOAD_NET_H_
#define SLUICE_TESTS_BENCH_LOAD_NET_H_

namespace sluice::bench {

// Sockets on the loopback interface. What fails ends the program with status 1: there is nothing to measure then.

// Allows this process as many open files as it may have.
void RaiseFileLimit();

// A listener on a free port of 127.0.0.1.
int Listen();
int PortOf(int fd);

// The next connection of a listener, not blocking, and without Nagle's delay; -1 when there is none.
int Accept(int listener);

// A connection to a port of 127.0.0.1, blocking, and without Nagle's delay; -1 when it is refused. `number` counts this
// program's connections: one address has not enough source ports for tens of thousands, so they are spread over
// 127.0.0.1, .2, ...
int Connect(int port, int number);

void SetNonBlocking(int fd);

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_NET_H_
