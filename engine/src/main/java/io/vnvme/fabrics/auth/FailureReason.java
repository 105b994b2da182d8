package io.vnvme.fabrics.auth;

import java.util.Arrays;
import java.util.Optional;

/** Reason Code Explanation of AUTH_Failure messages, whose Reason Code is always 1 (NVM Express Base 2.0, 8.13.5.2). */
public enum FailureReason {
    FAILED(1, "authentication failed"),
    PROTOCOL_UNUSABLE(2, "authentication protocol not usable"),
    CONCATENATION_MISMATCH(3, "secure channel concatenation mismatch"),
    HASH_UNUSABLE(4, "hash function not usable"),
    GROUP_UNUSABLE(5, "DH group not usable"),
    INCORRECT_PAYLOAD(6, "incorrect payload"),
    INCORRECT_MESSAGE(7, "incorrect protocol message");

    private final int code;
    private final String text;

    FailureReason(int code, String text) {
        this.code = code;
        this.text = text;
    }

    public int code() {
        return code;
    }

    /** What a code means; nothing: the specification has no such. */
    static Optional<FailureReason> of(int code) {
        return Arrays.stream(values()).filter(reason -> reason.code == code).findFirst();
    }

    /** The same for people. */
    static String text(int code) {
        return of(code).map(reason -> reason.text).orElseGet(() -> "explanation %d".formatted(code));
    }
}
