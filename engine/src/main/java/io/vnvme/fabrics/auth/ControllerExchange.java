package io.vnvme.fabrics.auth;

import io.vnvme.fabrics.auth.AuthMessage.Challenge;
import io.vnvme.fabrics.auth.AuthMessage.Failure;
import io.vnvme.fabrics.auth.AuthMessage.Negotiate;
import io.vnvme.fabrics.auth.AuthMessage.Reply;
import io.vnvme.fabrics.auth.AuthMessage.Success1;
import io.vnvme.fabrics.auth.AuthMessage.Success2;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The controller's end of one queue: takes what the host sends, and has what it receives next. After one authentication the next may begin.
 *
 * <p>One thread at a time. {@link #accept} may compute for a tenth of a second; nothing else does.
 */
public final class ControllerExchange {
    /** Where it is. */
    public enum State {
        /** The host says what it can do. */
        NEGOTIATE,
        /** It answers the challenge. */
        REPLY,
        /** It is who it says, and says whether the controller is, too. */
        SUCCESS2,
        AUTHENTICATED,
        FAILED
    }

    private static final byte[] NONE = {};

    private final Parties parties;
    private final Supplier<Optional<ChapTerms>> current;
    private final SecureRandom random = new SecureRandom();
    private State state = State.NEGOTIATE;
    private byte @Nullable [] answer;
    private String failure = "";
    private String agreed = "";

    // Of the transaction that is under way.
    private @Nullable ChapTerms terms;
    private int transaction;
    private DhHash hash = DhHash.SHA_256;
    private @Nullable DhExchange dh;
    private byte[] challenge = NONE;
    private int sequence;

    /** @param current terms for the host, asked for at the beginning of each authentication; nothing: it cannot */
    public ControllerExchange(String hostNqn, String subsystemNqn, Supplier<Optional<ChapTerms>> current) {
        this.parties = new Parties(hostNqn, subsystemNqn);
        this.current = current;
    }

    public State state() {
        return state;
    }

    /** Why it failed, for people; empty as long as it has not. */
    public String failure() {
        return failure;
    }

    /** Hash and group that were agreed on last, for people. */
    public String agreed() {
        return agreed;
    }

    /** The host has sent a message. */
    public void accept(byte[] message) {
        if (state == State.FAILED) {
            return;
        }
        try {
            AuthMessage decoded = AuthMessage.decode(message);
            if (answer != null) {
                throw new AuthException(FailureReason.INCORRECT_MESSAGE, "a message before the last was answered");
            }
            accept(decoded);
        } catch (AuthException e) {
            forget();
            state = State.FAILED;
            failure = String.valueOf(e.getMessage());
            answer = new Failure(transaction, false, e.reason().code()).encode();
        }
    }

    /** What the host receives next; nothing when it has to say something first. Each message is given once. */
    public Optional<byte[]> receive() {
        Optional<byte[]> next = Optional.ofNullable(answer);
        answer = null;
        return next;
    }

    /** How long the next message for the host is, in bytes; 0: there is none. */
    public int nextBytes() {
        byte[] next = answer;
        return next == null ? 0 : next.length;
    }

    private void accept(AuthMessage message) {
        boolean begins = message instanceof Negotiate;
        if (!begins && message.transaction() != transaction) {
            throw new AuthException(FailureReason.INCORRECT_PAYLOAD, "a message of another transaction");
        }
        switch (message) {
            case Negotiate negotiate
            when state == State.NEGOTIATE || state == State.AUTHENTICATED -> negotiate(negotiate);
            case Reply reply when state == State.REPLY -> reply(reply);
            case Success2 _
            when state == State.SUCCESS2 -> {
                forget();
                state = State.AUTHENTICATED;
            }
            case Failure refused
            when refused.second() && (state == State.REPLY || state == State.SUCCESS2) -> {
                forget();
                state = State.FAILED;
                failure = "the host refuses the controller: " + FailureReason.text(refused.explanation());
            }
            default -> throw new AuthException(FailureReason.INCORRECT_MESSAGE, "a message that is not due");
        }
    }

    private void negotiate(Negotiate asked) {
        transaction = asked.transaction();
        ChapTerms wanted = current.get()
                .orElseThrow(() -> new AuthException(FailureReason.FAILED, "there is no key of this host any more"));
        if (asked.concatenation() != 0) {
            throw new AuthException(FailureReason.CONCATENATION_MISMATCH, "it wants a secure channel concatenated");
        }
        if (!asked.protocols().contains(AuthMessage.PROTOCOL_DH_HMAC_CHAP)) {
            throw new AuthException(FailureReason.PROTOCOL_UNUSABLE, "it does not offer DH-HMAC-CHAP");
        }
        terms = wanted;
        hash = chooseHash(asked.hashes(), wanted);
        DhGroup group = chooseGroup(asked.groups(), wanted);
        agreed = "%s, %s".formatted(hash, group);
        challenge = new byte[hash.bytes()];
        random.nextBytes(challenge);
        sequence = SequenceNumbers.next();
        DhExchange begun = group == DhGroup.NULL ? null : DhExchange.begin(group);
        dh = begun;
        byte[] dhValue = begun == null ? NONE : begun.publicValue();
        answer = new Challenge(transaction, hash.id(), group.id(), sequence, challenge, dhValue).encode();
        state = State.REPLY;
    }

    private static DhHash chooseHash(List<Integer> offered, ChapTerms wanted) {
        return offered.stream()
                .flatMap(id -> DhHash.of(id).stream())
                .filter(hash -> hash == wanted.hash().orElse(hash))
                .findFirst()
                .orElseThrow(() -> new AuthException(
                        FailureReason.HASH_UNUSABLE,
                        "it does not offer "
                                + wanted.hash().map(DhHash::toString).orElse("a hash that is known")));
    }

    private static DhGroup chooseGroup(List<Integer> offered, ChapTerms wanted) {
        List<DhGroup> known = offered.stream()
                .flatMap(id -> DhGroup.of(id).stream())
                .filter(group -> group == wanted.group().orElse(group))
                .toList();
        return known.stream()
                .filter(group -> group != DhGroup.NULL)
                .findFirst()
                .or(() -> known.stream().findFirst())
                .orElseThrow(() -> new AuthException(
                        FailureReason.GROUP_UNUSABLE,
                        "it does not offer "
                                + wanted.group().map(DhGroup::toString).orElse("a group that is known")));
    }

    private void reply(Reply reply) {
        ChapTerms wanted = terms;
        DhExchange begun = dh;
        if (wanted == null || reply.response().length != hash.bytes()) {
            throw new AuthException(FailureReason.INCORRECT_PAYLOAD, "a response of another length than the hash's");
        }
        if ((begun != null) != (reply.dhValue().length > 0)) {
            throw new AuthException(FailureReason.INCORRECT_PAYLOAD, "a DH value where none is due, or none");
        }
        byte[] secret = begun == null ? NONE : begun.secret(reply.dhValue());
        byte[] expected = parties.hostResponse(wanted.hostKey(), hash, challenge, secret, sequence, transaction);
        if (!MessageDigest.isEqual(expected, reply.response())) {
            throw new AuthException(FailureReason.FAILED, "it does not have the host's key");
        }
        byte[] asked = reply.challenge();
        if (asked == null) {
            forget();
            answer = new Success1(transaction, hash.bytes(), null).encode();
            state = State.AUTHENTICATED;
            return;
        }
        answer = new Success1(transaction, hash.bytes(), respond(wanted, asked, secret, reply.sequence())).encode();
        state = State.SUCCESS2;
    }

    private byte[] respond(ChapTerms wanted, byte[] asked, byte[] secret, int askedSequence) {
        ChapKey key = wanted.controllerKey()
                .orElseThrow(() -> new AuthException(
                        FailureReason.FAILED, "it wants to know who we are, and there is no key for that"));
        // Whoever sends our own challenge back may hope for the answer to it; 0 stands for no challenge.
        if (MessageDigest.isEqual(asked, challenge) || askedSequence == 0) {
            throw new AuthException(FailureReason.INCORRECT_PAYLOAD, "a challenge that none may be");
        }
        return parties.controllerResponse(key, hash, asked, secret, askedSequence, transaction);
    }

    private void forget() {
        terms = null;
        dh = null;
        challenge = NONE;
    }
}
