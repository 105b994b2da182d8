package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * An error reply: problem details of RFC 9457, media type {@code application/problem+json}.
 *
 * @param type URN of the code
 * @param title what kind of problem it is
 * @param status HTTP status code
 * @param detail one line that says what is wrong and what to do
 * @param code stable name of the problem, such as {@code name-taken}
 */
@Json
public record Problem(String type, String title, int status, String detail, String code) {
    public static Problem of(ProblemCode code, String detail) {
        String title = code.text().replace('-', ' ');
        return new Problem("urn:vnvme:problem:" + code.text(), title, code.httpStatus(), detail, code.text());
    }
}
