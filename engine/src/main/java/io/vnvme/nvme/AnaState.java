package io.vnvme.nvme;

import io.vnvme.nvme.wire.Status;
import java.util.Arrays;
import java.util.Optional;

/** How well a controller reaches its namespaces (NVM Express Base 2.0, 8.1.2). */
public enum AnaState {
    OPTIMIZED("optimized", 1, Status.SUCCESS),
    /** Works, and a host that has another way had better take it. */
    NON_OPTIMIZED("non-optimized", 2, Status.SUCCESS),
    /** A host is to take another way, and to come back when this one is better. */
    INACCESSIBLE("inaccessible", 3, Status.ANA_INACCESSIBLE),
    /** This way will not work again. */
    PERSISTENT_LOSS("persistent-loss", 4, Status.ANA_PERSISTENT_LOSS),
    /** Between two states: a host is to wait a moment. */
    CHANGE("change", 15, Status.ANA_TRANSITION);

    private final String word;
    private final int code;
    private final int status;

    AnaState(String word, int code, int status) {
        this.word = word;
        this.code = code;
        this.status = status;
    }

    public static Optional<AnaState> of(String word) {
        return Arrays.stream(values()).filter(s -> s.word.equals(word)).findFirst();
    }

    /** For people. */
    public String word() {
        return word;
    }

    /** In the ANA log page. */
    public int code() {
        return code;
    }

    /** Of commands to a namespace: success when they go on. */
    int status() {
        return status;
    }
}
