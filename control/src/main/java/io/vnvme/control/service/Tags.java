package io.vnvme.control.service;

import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.State;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What tells one state of a resource from others, as an entity tag. It is about what administrators set, not about what
 * happens by itself: a guest that writes or comes and goes does not get between two of them.
 */
public final class Tags {
    private static final int SIZE = 16;

    private final Registry registry;
    private final OpenPools openPools;
    private final Pools pools;

    Tags(Registry registry, OpenPools openPools, Pools pools) {
        this.registry = registry;
        this.openPools = openPools;
        this.pools = pools;
    }

    /**
     * The tag of a resource; nothing when it is not there.
     *
     * @param collection as in its path: {@code vnvmes}
     */
    public Optional<String> of(String collection, String name) {
        State state = registry.state();
        return switch (collection) {
            case "drives" -> state.drive(name).map(d -> tag(d, state.poolOf(name)));
            case "pools" ->
                state.pool(name).map(p -> tag(p, String.valueOf(pools.show(name).holdSeconds())));
            case "vnvmes" -> state.vnvme(name).map(v -> tag(v, origin(v.pool(), name)));
            case "groups" ->
                state.groups().stream()
                        .filter(g -> g.name().equals(name))
                        .findFirst()
                        .map(g -> tag(g, ""));
            case "snapshots" ->
                state.pools().stream()
                        .flatMap(p -> layer(p.name(), name).stream())
                        .findFirst()
                        .map(l -> tag(l.createdAt(), l.parent()));
            default -> Optional.empty();
        };
    }

    /** A roll-back changes it, and nothing else of the record. */
    private Optional<String> origin(String pool, String name) {
        return layer(pool, name).flatMap(LayerFacts::parent);
    }

    private Optional<LayerFacts> layer(String pool, String name) {
        return openPools.find(pool).map(OpenPool::layers).stream()
                .flatMap(List::stream)
                .filter(l -> l.name().equals(name))
                .findFirst();
    }

    private static String tag(Object one, Object other) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest("%s %s".formatted(one, other).getBytes(StandardCharsets.UTF_8));
            return '"' + HexFormat.of().formatHex(digest, 0, SIZE) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
