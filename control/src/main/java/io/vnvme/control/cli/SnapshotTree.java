package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.SnapshotInfo;
import io.vnvme.control.model.VnvmeInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Volumes and snapshots as the tree they grow in. */
final class SnapshotTree {
    /** @param origin null: it grew from nothing that is still there */
    private record Node(String name, @Nullable String origin, List<String> cells) {}

    private SnapshotTree() {}

    static Table table(List<VnvmeInfo> vnvmes, List<SnapshotInfo> snapshots) {
        List<Node> nodes = new ArrayList<>();
        for (SnapshotInfo s : snapshots) {
            nodes.add(new Node(
                    s.name(),
                    s.origin(),
                    cells(s.sizeBytes(), s.usedBytes(), s.sharedBytes(), s.exclusiveBytes(), s.pool(), "snapshot")));
        }
        for (VnvmeInfo v : vnvmes) {
            nodes.add(new Node(
                    v.name(),
                    v.origin(),
                    cells(v.sizeBytes(), v.usedBytes(), v.sharedBytes(), v.exclusiveBytes(), v.pool(), v.state())));
        }
        Set<String> names = nodes.stream().map(Node::name).collect(Collectors.toSet());
        Map<String, List<Node>> children = new HashMap<>();
        for (Node node : nodes) {
            String origin = node.origin();
            String parent = origin == null || !names.contains(origin) ? "" : origin;
            children.computeIfAbsent(parent, _ -> new ArrayList<>()).add(node);
        }
        Table table = new Table("NAME", "SIZE", "USED", "SHARED", "EXCLUSIVE", "POOL", "STATE");
        add(table, children, "", 0);
        return table;
    }

    private static List<String> cells(
            long sizeBytes,
            @Nullable Long usedBytes,
            @Nullable Long sharedBytes,
            @Nullable Long exclusiveBytes,
            String pool,
            String state) {
        return List.of(
                ByteSize.format(sizeBytes),
                ShowCommand.space(usedBytes),
                ShowCommand.space(sharedBytes),
                ShowCommand.space(exclusiveBytes),
                pool,
                state);
    }

    private static void add(Table table, Map<String, List<Node>> children, String parent, int depth) {
        for (Node node : children.getOrDefault(parent, List.of())) {
            List<String> row = new ArrayList<>();
            row.add("  ".repeat(depth) + node.name());
            row.addAll(node.cells());
            table.row(row.toArray(String[]::new));
            add(table, children, node.name(), depth + 1);
        }
    }
}
