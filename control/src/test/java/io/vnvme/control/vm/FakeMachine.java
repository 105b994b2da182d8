package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A QEMU as far as a move goes: a VM that runs or is awaited, and one vfio-user device behind a bridge, with MSI and MSI-X. */
final class FakeMachine implements HeldMonitor {
    static final int BARS = 0x10;
    static final int POWER = 0x40;
    static final int MSI = 0x48;
    static final int MSIX = 0x58;
    static final int TABLE_OFFSET = 0x2000;
    static final int TABLE_WORDS = 65 * 4;
    /** Bus 3, slot 0, function 0. */
    private static final int FUNCTION = 0x80030000;

    final ByteBuffer config = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    final int[] table = new int[TABLE_WORDS];
    /** What was done to it, in order. */
    final List<String> done = new ArrayList<>();

    QemuVersion version = new QemuVersion(11, 1, 3);
    String machine = "pc-q35-11.1-machine";
    String status = "running";
    /** State of the migration, as QEMU would tell it next. */
    String migration = "none";

    List<String> devices = List.of("drive0");
    List<String> unnamed = List.of();
    /** The command that is refused; {@code hmp:} and the beginning of one for people refuses that. */
    String refused = "";
    /** Says this to people's commands instead of what it should. */
    @Nullable
    String nonsense;

    boolean ignoresTable;
    /** Whether the guest has given the bus of the device a number. */
    boolean numbered = true;

    /** The command that is not answered, nor does it end then: {@code end} answers all. */
    String unanswered = "";
    /** Lets its VM run when that is here, whatever it was told. */
    boolean disobeys;
    /** Ends instead of taking its VM, as QEMU does when it cannot. */
    boolean endsOnArrival;

    Runnable onCont = () -> {};
    boolean gone;
    private boolean ending;
    private boolean sends;
    private String before = "";
    long downtimeLimitMs = 300;
    /** Whether it waits before the switchover. */
    boolean pauses;

    /** Vendor and device of what is at 0:0.0, and what it says where configuration spaces are. */
    int hostBridge = 0x29c08086;

    long spaces = 0xb0000001L;
    int spacesRead;
    int configAddress = 0x80000010;
    /** The one that its VM goes to. */
    @Nullable
    FakeMachine peer;

    private @Nullable ServerSocketChannel stub;
    private @Nullable Path stubPath;

    FakeMachine() {
        config.putInt(0, 0x4d45564e).putShort(6, (short) 0x10).put(0x34, (byte) POWER);
        config.putInt(BARS, 4);
        config.putShort(POWER, (short) (0x01 | (MSI << 8)));
        config.putShort(MSI, (short) (0x05 | (MSIX << 8))).putShort(MSI + 2, (short) 0x8a);
        config.putShort(MSIX, (short) 0x11).putShort(MSIX + 2, (short) 64).putInt(MSIX + 4, TABLE_OFFSET);
    }

    /** As a guest leaves it that uses the device. */
    FakeMachine used() {
        config.putInt(BARS, 0xfe000004).putInt(BARS + 4, 0x12).putShort(4, (short) 0x406);
        config.putShort(MSIX + 2, (short) (0x8000 | 64));
        for (int i = 0; i < TABLE_WORDS; i++) {
            table[i] = (i & 3) == 3 ? 0 : 0xfee00000 + i;
        }
        return this;
    }

    FakeMachine incoming() {
        status = "inmigrate";
        return this;
    }

    private long tableAddress() {
        return (config.getInt(BARS) & 0xfffffff0L | (long) config.getInt(BARS + 4) << 32) + TABLE_OFFSET;
    }

    private boolean decodes() {
        return (config.getShort(4) & 2) != 0;
    }

    @Override
    public QemuVersion version() {
        return version;
    }

    @Override
    public Object execute(String command, Map<String, ?> arguments) {
        if (gone) {
            throw new ProblemException(ProblemCode.VM_UNREACHABLE, "the VM went away");
        }
        if (command.equals(unanswered)) {
            throw new ProblemException(ProblemCode.VM_UNREACHABLE, "the VM did not answer");
        }
        if (command.equals(refused)) {
            throw new QmpException("GenericError", "not today");
        }
        return switch (command) {
            case "query-status" -> Map.of("status", status);
            case "query-migrate" -> told();
            case "query-migrate-capabilities" ->
                List.of(
                        Map.of("capability", "xbzrle", "state", false),
                        Map.of("capability", "pause-before-switchover", "state", pauses));
            case "query-migrate-parameters" -> Map.of("downtime-limit", downtimeLimitMs);
            case "query-pci" -> buses();
            case "qom-get" -> property(String.valueOf(arguments.get("property")));
            case "qom-list" -> properties(String.valueOf(arguments.get("path")));
            case "human-monitor-command" -> human(String.valueOf(arguments.get("command-line")));
            default -> {
                done.add(command);
                obey(command, arguments);
                yield Map.of();
            }
        };
    }

    private void obey(String command, Map<String, ?> arguments) {
        switch (command) {
            case "migrate-set-capabilities" ->
                pauses = arguments.toString().contains("pause-before-switchover")
                        && arguments.toString().contains("state=true");
            case "migrate-set-parameters" ->
                downtimeLimitMs = arguments.get("downtime-limit") instanceof Number ms ? ms.longValue() : -1;
            case "migrate" -> {
                migration = "setup";
                sends = true;
                before = status;
            }
            case "migrate-continue" -> migration = "device";
            case "migrate_cancel" -> {
                migration = "cancelled";
                status = before;
            }
            case "cont" -> {
                status = "running";
                onCont.run();
            }
            case "quit" -> ending = true;
            default -> {}
        }
    }

    /** Each look finds it a step further. */
    private Map<String, Object> told() {
        String was = migration;
        switch (sends ? was : "") {
            case "setup" -> migration = "active";
            case "active" -> migration = pauses ? "pre-switchover" : "device";
            case "pre-switchover" -> status = "finish-migrate";
            case "device" -> {
                migration = "completed";
                status = "postmigrate";
                if (peer != null) {
                    peer.arrive();
                }
            }
            default -> {}
        }
        return was.equals("none")
                ? Map.of()
                : Map.of("status", was, "ram", Map.of("transferred", 1, "remaining", 2, "total", 3));
    }

    private void arrive() {
        gone |= endsOnArrival;
        migration = "completed";
        status = disobeys ? "running" : "paused";
    }

    private Object buses() {
        Map<String, Object> device = Map.of("qdev_id", "drive0", "bus", 3, "slot", 0, "function", 0);
        List<Map<String, Object>> behind = numbered ? List.of(device) : List.of();
        Map<String, Object> port =
                Map.of("qdev_id", "dp0", "bus", 0, "slot", 1, "function", 0, "pci_bridge", Map.of("devices", behind));
        return List.of(Map.of("bus", 0, "devices", List.of(Map.of("qdev_id", ""), port)));
    }

    private Object property(String name) {
        return switch (name) {
            case "type" -> machine;
            case "x-pci-vendor-id" -> config.getShort(0) & 0xffff;
            case "x-pci-device-id" -> config.getShort(2) & 0xffff;
            default -> throw new QmpException("GenericError", "Property '" + name + "' not found");
        };
    }

    private Object properties(String path) {
        List<String> names = path.endsWith("-anon") ? unnamed : devices;
        List<Map<String, Object>> all =
                new ArrayList<>(List.of(Map.of("name", "dp0", "type", "child<pcie-root-port>")));
        names.forEach(name -> all.add(Map.of("name", name, "type", "child<vfio-user-pci>")));
        return all;
    }

    private String human(String line) {
        String[] words = line.split(" ", -1);
        if (refused.startsWith("hmp:") && line.startsWith(refused.substring("hmp:".length()))) {
            throw new QmpException("GenericError", "not today");
        }
        if (nonsense != null) {
            return nonsense;
        }
        return switch (words[0]) {
            case "i" -> in(words[1], Integer.decode(words[2]));
            case "o" -> out(words[1], Integer.decode(words[2]), (int) (long) Long.decode(words[3]));
            case "xp" -> memory(Integer.parseInt(words[1].replaceAll("\\D", "")), Long.decode(words[2]));
            case "gdbserver" -> debugger(words[1]);
            default -> "unknown command: '" + line + "'\r\n";
        };
    }

    private int selected(int port) {
        return (configAddress & 0xffffff00) == FUNCTION ? (configAddress & 0xfc) + port - 0xcfc : -1;
    }

    private String in(String format, int port) {
        if (port == 0xcf8) {
            return "portl[0x0cf8] = 0x%08x\r\n".formatted(configAddress);
        }
        int at = selected(port);
        if (at < 0 && format.equals("/w")) {
            return "portl[0x%04x] = 0x%08x\r\n".formatted(port, bridge(configAddress));
        }
        return switch (format) {
            case "/b" -> "portb[0x%04x] = 0x%02x\r\n".formatted(port, at < 0 ? 0xff : config.get(at) & 0xff);
            case "/h" -> "portw[0x%04x] = 0x%04x\r\n".formatted(port, at < 0 ? 0xffff : config.getShort(at) & 0xffff);
            default -> "portl[0x%04x] = 0x%08x\r\n".formatted(port, at < 0 ? -1 : config.getInt(at));
        };
    }

    private String out(String format, int port, int value) {
        if (port == 0xcf8) {
            configAddress = value;
            return "";
        }
        int at = selected(port);
        if (at < 0) {
            return "";
        }
        done.add("0x%x".formatted(at));
        switch (format) {
            case "/b" -> config.put(at, (byte) value);
            case "/h" -> config.putShort(at, (short) value);
            default -> config.putInt(at, value);
        }
        return "";
    }

    private int bridge(int address) {
        return switch (address) {
            case 0x80000000 -> hostBridge;
            case 0x80000060 -> (int) spaces;
            case 0x80000064 -> (int) (spaces >>> 32);
            default -> -1;
        };
    }

    private String memory(int count, long address) {
        if ((spaces & 1) != 0 && address == (spaces & ~7L) + (3 << 20) && count <= 64) {
            spacesRead++;
            int[] words = new int[count];
            config.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(0, words);
            return lines(address, words, count);
        }
        if (!decodes() || address != tableAddress() || count > TABLE_WORDS) {
            return "%08x: Cannot access memory\r\n".formatted(address);
        }
        return lines(address, table, count);
    }

    private static String lines(long address, int[] words, int count) {
        StringBuilder said = new StringBuilder();
        for (int i = 0; i < count; i++) {
            if (i % 4 == 0) {
                said.append(i == 0 ? "" : "\r\n").append("%016x:".formatted(address + 4L * i));
            }
            said.append(" 0x%08x".formatted(words[i]));
        }
        return said.append("\r\n").toString();
    }

    private String debugger(String device) {
        try {
            if (device.equals("none")) {
                if (stub != null && stubPath != null) {
                    stub.close();
                    Files.deleteIfExists(stubPath);
                }
                stub = null;
                return "Disabled gdbserver\r\n";
            }
            stubPath = Path.of(device.substring("unix:".length(), device.indexOf(",server"))
                    .replace(",,", ","));
            ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listening.bind(UnixDomainSocketAddress.of(stubPath));
            stub = listening;
            Thread.ofVirtual().start(() -> serve(listening));
            return "Waiting for gdb connection on device '" + device + "'\r\n";
        } catch (IOException e) {
            return "Failed to bind socket: %s\r\ngdbstub: couldn't create chardev\r\n".formatted(e.getMessage());
        }
    }

    /** Whether anybody could connect to its debugger stub. */
    boolean debuggable() {
        return stub != null;
    }

    private void serve(ServerSocketChannel listening) {
        try (SocketChannel client = listening.accept()) {
            var in = Channels.newInputStream(client);
            ByteArrayOutputStream packet = new ByteArrayOutputStream();
            for (int c = in.read(); c >= 0; c = in.read()) {
                packet.write(c);
                String text = packet.toString(StandardCharsets.US_ASCII);
                if (text.matches("(?s)\\+*\\$.*#..")) {
                    packet.reset();
                    String reply = reply(text.substring(text.indexOf('$') + 1, text.length() - 3));
                    int sum = reply.chars().sum() & 0xff;
                    client.write(
                            ByteBuffer.wrap("+$%s#%02x".formatted(reply, sum).getBytes(StandardCharsets.US_ASCII)));
                }
            }
        } catch (AsynchronousCloseException e) {
            // The monitor has taken the stub away.
            return;
        } catch (ClosedChannelException e) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String reply(String packet) {
        if (packet.equals("Qqemu.PhyMemMode:1")) {
            return "OK";
        }
        long address = Long.parseLong(packet.substring(1, packet.indexOf(',')), 16);
        byte[] bytes = HexFormat.of().parseHex(packet.substring(packet.indexOf(':') + 1));
        int at = (int) (address - tableAddress());
        if (packet.charAt(0) != 'M' || !decodes() || at < 0 || at + bytes.length > TABLE_WORDS * 4) {
            return "E14";
        }
        done.add("table");
        if (!ignoresTable) {
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(table, at / 4, bytes.length / 4);
        }
        return "OK";
    }

    /** It ends a while after it has said that it does. */
    @Override
    public boolean awaitEnd(Duration timeout) {
        gone |= ending && unanswered.isEmpty();
        return gone;
    }

    @Override
    public boolean awaitDeleted(String deviceId, Duration timeout, BooleanSupplier isGone) {
        return isGone.getAsBoolean();
    }

    @Override
    public void cancelMigration() {
        execute("migrate_cancel", Map.of());
    }

    @Override
    public Advice advice() {
        return Advice.COMMAND_LINE;
    }

    @Override
    public void close() {}
}
