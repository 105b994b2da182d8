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
import org.jspecify.annotations.Nullable;

/**
 * The host's end of one authentication. In this order: send {@link #negotiate}, receive, send {@link #reply}, receive, {@link #finish} and send what
 * that returns. When one of them throws, what {@link #refusal} has is left to send.
 */
public final class HostExchange {
    /** For Auth Receive: room for every message that a controller sends. */
    public static final int RECEIVE_BYTES = AuthMessage.BYTES_MAX;

    private static final byte[] NONE = {};

    private final Parties parties;
    private final Credentials credentials;
    private final int transaction;
    private final SecureRandom random = new SecureRandom();
    private DhHash hash = DhHash.SHA_256;
    private byte[] secret = NONE;
    private byte @Nullable [] challenge;
    private int sequence;
    private boolean refused;

    /**
     * What a host has, and can do.
     *
     * @param hostKey its own
     * @param controllerKey that the controller has to have; nothing: it need not show who it is
     * @param hashes in the order of preference
     * @param groups likewise
     */
    public record Credentials(
            ChapKey hostKey, Optional<ChapKey> controllerKey, List<DhHash> hashes, List<DhGroup> groups) {
        /** One that can do all. */
        public Credentials(ChapKey hostKey, Optional<ChapKey> controllerKey) {
            this(hostKey, controllerKey, List.of(DhHash.values()), List.of(DhGroup.values()));
        }
    }

    /** @param transaction another one than that of the authentication before, 16 bits */
    public HostExchange(String hostNqn, String subsystemNqn, Credentials credentials, int transaction) {
        this.parties = new Parties(hostNqn, subsystemNqn);
        this.credentials = credentials;
        this.transaction = transaction & 0xffff;
    }

    /** What the host can do. */
    public byte[] negotiate() {
        return new Negotiate(
                        transaction,
                        0,
                        List.of(AuthMessage.PROTOCOL_DH_HMAC_CHAP),
                        credentials.hashes().stream().map(DhHash::id).toList(),
                        credentials.groups().stream().map(DhGroup::id).toList())
                .encode();
    }

    /**
     * The answer to a challenge. May compute for a tenth of a second.
     *
     * @throws AuthException when the controller refuses, or asks for what was not offered
     */
    public byte[] reply(byte[] received) {
        if (!(decode(received) instanceof Challenge asked)) {
            throw new AuthException(FailureReason.INCORRECT_MESSAGE, "another message than a challenge");
        }
        hash = DhHash.of(asked.hash())
                .filter(chosen -> credentials.hashes().contains(chosen) && chosen.bytes() == asked.value().length)
                .orElseThrow(() -> new AuthException(FailureReason.HASH_UNUSABLE, "a hash that was not offered"));
        DhGroup group = DhGroup.of(asked.group())
                .filter(chosen -> credentials.groups().contains(chosen))
                .orElseThrow(() -> new AuthException(FailureReason.GROUP_UNUSABLE, "a group that was not offered"));
        if (asked.dhValue().length != group.bytes()) {
            throw new AuthException(FailureReason.INCORRECT_PAYLOAD, "a DH value of another length than the group's");
        }
        byte[] dhValue = NONE;
        if (group != DhGroup.NULL) {
            DhExchange dh = DhExchange.begin(group);
            dhValue = dh.publicValue();
            secret = dh.secret(asked.dhValue());
        }
        byte[] response =
                parties.hostResponse(credentials.hostKey(), hash, asked.value(), secret, asked.sequence(), transaction);
        if (credentials.controllerKey().isPresent()) {
            byte[] made = new byte[hash.bytes()];
            random.nextBytes(made);
            challenge = made;
            sequence = SequenceNumbers.next();
        }
        return new Reply(transaction, sequence, response, challenge, dhValue).encode();
    }

    /**
     * The host is let in.
     *
     * @return what is still to be sent, if anything
     * @throws AuthException when it is not, or the controller does not show who it is
     */
    public Optional<byte[]> finish(byte[] received) {
        if (!(decode(received) instanceof Success1 success)) {
            throw new AuthException(FailureReason.INCORRECT_MESSAGE, "another message than a success");
        }
        byte[] asked = challenge;
        Optional<ChapKey> key = credentials.controllerKey();
        if (asked == null || key.isEmpty()) {
            return Optional.empty();
        }
        byte[] expected = parties.controllerResponse(key.get(), hash, asked, secret, sequence, transaction);
        byte[] response = success.response();
        if (response == null || !MessageDigest.isEqual(expected, response)) {
            throw new AuthException(FailureReason.FAILED, "the controller does not have its key");
        }
        return Optional.of(new Success2(transaction).encode());
    }

    /** AUTH_Failure2, which is sent when the controller is refused; nothing when it was the controller that refused. */
    public Optional<byte[]> refusal(AuthException why) {
        return refused
                ? Optional.empty()
                : Optional.of(new Failure(transaction, true, why.reason().code()).encode());
    }

    private AuthMessage decode(byte[] received) {
        AuthMessage message = AuthMessage.decode(received);
        if (message instanceof Failure failure) {
            refused = true;
            throw new AuthException(
                    FailureReason.of(failure.explanation()).orElse(FailureReason.FAILED),
                    "the controller refuses the host: " + FailureReason.text(failure.explanation()));
        }
        if (message.transaction() != transaction) {
            throw new AuthException(FailureReason.INCORRECT_MESSAGE, "a message of another transaction");
        }
        return message;
    }
}
