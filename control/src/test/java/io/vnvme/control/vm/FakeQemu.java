package io.vnvme.control.vm;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A monitor that answers as QEMU does, one client at a time, with two PCIe root ports. */
public final class FakeQemu implements AutoCloseable {
    private static final JsonType<Object> JSON = Jsonb.builder().build().type(Object.class);

    public final Path path;
    public final List<String> commands = new CopyOnWriteArrayList<>();
    /** Device id by port. */
    public final Map<String, String> plugged = new ConcurrentHashMap<>();

    public volatile String version = "11.1.0";
    public volatile String status = "running";
    public volatile String migration = "none";
    /** What a migration is when it was to be cancelled. */
    public volatile String cancelled = "cancelled";

    public volatile boolean memoryShared = true;
    public volatile long memoryBytes = 256 << 20;
    public volatile boolean vfioUser = true;
    public volatile boolean greets = true;
    /** How often device_del is answered and then ignored by the guest. */
    public final AtomicInteger busyUnplugs = new AtomicInteger();
    /** Called with the id of what is plugged and unplugged, as the engine would notice. */
    public volatile Consumer<String> onPlug = _ -> {};

    public volatile Consumer<String> onUnplug = _ -> {};

    private final ServerSocketChannel server;

    public FakeQemu(Path path) {
        this.path = path;
        try {
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("fake qemu").start(this::serve);
    }

    private void serve() {
        while (true) {
            try (SocketChannel client = server.accept()) {
                talk(client);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                System.getLogger("FakeQemu").log(System.Logger.Level.DEBUG, "client went", e);
            }
        }
    }

    private void talk(SocketChannel client) throws IOException {
        String[] v = version.split("\\.", -1);
        if (greets) {
            send(
                    client,
                    "{\"QMP\":{\"version\":{\"qemu\":{\"major\":%s,\"minor\":%s,\"micro\":%s},\"package\":\"\"},\"capabilities\":[\"oob\"]}}"
                            .formatted(v[0], v[1], v[2]));
        }
        BufferedReader reader = new BufferedReader(Channels.newReader(client, StandardCharsets.UTF_8));
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (JSON.fromJson(line) instanceof Map<?, ?> request) {
                String command = String.valueOf(request.get("execute"));
                Map<?, ?> arguments = request.get("arguments") instanceof Map<?, ?> map ? map : Map.of();
                commands.add(command);
                // An event in between, as they come at any time.
                send(
                        client,
                        "{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":1},\"timestamp\":{\"seconds\":1,\"microseconds\":2}}");
                Map<String, Object> reply = new LinkedHashMap<>(answer(command, arguments));
                reply.put("id", request.get("id"));
                send(client, JSON.toJson(reply));
                after(client, command, arguments);
            }
        }
    }

    private Map<String, Object> answer(String command, Map<?, ?> arguments) {
        return switch (command) {
            case "qmp_capabilities" -> returned(Map.of());
            case "query-name" -> returned(Map.of("name", "fake"));
            case "query-status" -> returned(Map.of("status", status, "running", status.equals("running")));
            case "query-migrate" -> returned(migration.equals("none") ? Map.of() : Map.of("status", migration));
            case "migrate_cancel" -> {
                if (migration.equals("active")) {
                    migration = cancelled;
                }
                yield returned(Map.of());
            }
            case "query-memdev" -> returned(List.of(Map.of("id", "ram0", "size", 1 << 20, "share", memoryShared)));
            case "device-list-properties" ->
                vfioUser ? returned(List.of()) : error("DeviceNotFound", "Device 'vfio-user-pci' not found");
            case "qom-list" -> returned(properties(String.valueOf(arguments.get("path"))));
            case "query-memory-size-summary" -> returned(Map.of("base-memory", memoryBytes));
            case "qom-get" ->
                returned("/machine".equals(arguments.get("path")) ? (Object) "pc-q35-11.1-machine" : (Object) true);
            case "device_add" -> add(arguments);
            case "device_del" -> del(String.valueOf(arguments.get("id")));
            default -> error("CommandNotFound", "The command " + command + " has not been found");
        };
    }

    private List<Map<String, Object>> properties(String path) {
        List<Map<String, Object>> found = new ArrayList<>();
        found.add(Map.of("name", "type", "type", "string"));
        if (path.equals("/machine/peripheral")) {
            found.add(Map.of("name", "rp0", "type", "child<pcie-root-port>"));
            found.add(Map.of("name", "rp1", "type", "child<pcie-root-port>"));
            plugged.values().forEach(id -> found.add(Map.of("name", id, "type", "child<vfio-user-pci>")));
        }
        String port = path.substring(path.lastIndexOf('/') + 1);
        if (plugged.containsKey(port)) {
            found.add(Map.of("name", "child[0]", "type", "link<vfio-user-pci>"));
        }
        return found;
    }

    private Map<String, Object> add(Map<?, ?> arguments) {
        String id = String.valueOf(arguments.get("id"));
        Path socket = arguments.get("socket") instanceof Map<?, ?> address
                ? Path.of(String.valueOf(address.get("path")))
                : Path.of("");
        if (!Files.exists(socket.getParent())) {
            return error("GenericError", "vfio 0000:00:00.0: Failed to connect to '%s'".formatted(socket));
        }
        plugged.put(String.valueOf(arguments.get("bus")), id);
        onPlug.accept(id);
        return returned(Map.of());
    }

    private Map<String, Object> del(String id) {
        return plugged.containsValue(id)
                ? returned(Map.of())
                : error("DeviceNotFound", "Device '%s' not found".formatted(id));
    }

    private void after(SocketChannel client, String command, Map<?, ?> arguments) throws IOException {
        if (!command.equals("device_del")) {
            return;
        }
        if (busyUnplugs.getAndUpdate(n -> Math.max(n - 1, 0)) > 0) {
            return;
        }
        String id = String.valueOf(arguments.get("id"));
        plugged.values().remove(id);
        onUnplug.accept(id);
        send(
                client,
                "{\"event\":\"DEVICE_DELETED\",\"data\":{\"path\":\"/machine/peripheral/%s/virtio\"}}".formatted(id));
        send(client, "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"%s\",\"path\":\"/x\"}}".formatted(id));
    }

    private static Map<String, Object> returned(Object value) {
        return Map.of("return", value);
    }

    private static Map<String, Object> error(String errorClass, String description) {
        return Map.of("error", Map.of("class", errorClass, "desc", description));
    }

    private static void send(SocketChannel client, String line) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        while (buffer.hasRemaining()) {
            client.write(buffer);
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
