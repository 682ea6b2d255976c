#ifndef SLUICE_SERVER_HTTP_RESPONDER_H_
#define SLUICE_SERVER_HTTP_RESPONDER_H_

#include <cstdint>
#include <memory>

#include "server/http/mailbox.h"
#include "server/http/server.h"

namespace sluice::http {

class Session;

// The responder of exchange number `exchange` of a session. It posts every call to the server's thread, also from that
// thread itself: calls that different threads make one after the other then stay in order, and a session is never
// entered from within the handler it calls.
std::shared_ptr<Responder> NewResponder(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Session> session,
                                        uint64_t exchange);

}  // namespace sluice::http

#endif  // SLUICE_SERVER_HTTP_RESPONDER_H_
