package io.vnvme.fabrics.auth;

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

    /** What a code means, for people; the specification has no others. */
    static String text(int code) {
        for (FailureReason reason : values()) {
            if (reason.code == code) {
                return reason.text;
            }
        }
        return "explanation %d".formatted(code);
    }
}
