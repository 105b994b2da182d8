package io.vnvme.bench.socket;

import io.vnvme.os.ByteStream;
import io.vnvme.os.SendQueue;

/** What goes out on one connection of a server. */
interface Outgoing {
    /** Whether all has been sent. */
    boolean isEmpty();

    /** Puts so many answers in line; what is in line is empty. */
    void answer(int count);

    /** Sends what the socket takes. @return false when the peer is gone */
    boolean flush();

    /** By sendmsg, as a target sends. */
    static Outgoing of(ByteStream socket, Answers answers) {
        SendQueue queue = new SendQueue(2 * Requests.COUNT_MAX, command -> {});
        return new Outgoing() {
            @Override
            public boolean isEmpty() {
                return queue.isEmpty();
            }

            @Override
            public void answer(int count) {
                answers.add(queue, count);
            }

            @Override
            public boolean flush() {
                return queue.flush(socket);
            }
        };
    }
}
