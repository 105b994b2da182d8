package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.Optional;

/** Another process that takes the place of this one, with all that guests have in use. */
public interface Succession {
    /** Of a process that nobody holds anything for. */
    Succession NONE = new Succession() {
        @Override
        public Optional<String> prepare() {
            throw new ProblemException(
                    ProblemCode.UPGRADE_REFUSED,
                    "this daemon was started without a holder, so guests would lose their drives: detach them, then"
                            + " restart it");
        }

        @Override
        public String go() {
            return "nobody takes over";
        }
    };

    /**
     * Has the program started anew, as it is installed now, and waits until it stands by.
     *
     * @return why it cannot take over; nothing: it can
     */
    Optional<String> prepare();

    /**
     * Has this process ended at once: the other one takes over.
     *
     * @return why it is not ended
     */
    String go();
}
