package io.vnvme.control.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A list of a request, whose elements JSON allows to be null. */
public final class TextList {
    private TextList() {}

    /** @throws ProblemException when an element is null */
    public static void check(String field, @Nullable List<? extends @Nullable Object> list) {
        if (list != null && list.stream().anyMatch(e -> e == null)) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "%s: null is no element of it".formatted(field));
        }
    }
}
