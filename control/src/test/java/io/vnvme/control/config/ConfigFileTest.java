package io.vnvme.control.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vnvme.control.service.RamOffer;
import io.vnvme.reactor.IdlePolicy;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    @TempDir
    Path folder;

    @Test
    void everySettingIsRead() throws IOException {
        DaemonSettings settings = settings("""
                state = "/srv/state"
                run = "/srv/../srv/run"
                listen = "127.0.0.1:8443"
                ram = ["ram0=512M", "swift=1G"]
                reactors = 1
                cpus = "0,1"
                idle = ["poll", "interrupt"]
                rehearsal = 1.5
                libvirt = "qemu:///session"
                """);

        assertThat(settings.stateDir()).isEqualTo(Path.of("/srv/state"));
        assertThat(settings.runDir()).isEqualTo(Path.of("/srv/run"));
        assertThat(settings.listen())
                .contains(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 8443));
        assertThat(settings.offers()).containsExactly(new RamOffer("ram0", 512L << 20), new RamOffer("swift", 1 << 30));
        assertThat(settings.reactors().count()).isEqualTo(1);
        assertThat(settings.reactors().cpus()).containsExactly(0, 1);
        assertThat(settings.reactors().idle()).containsExactly(IdlePolicy.POLL, IdlePolicy.INTERRUPT);
        assertThat(settings.rehearsal()).isEqualTo(Duration.ofMillis(1500));
        assertThat(settings.libvirt()).contains("qemu:///session");
        assertThat(settings("libvirt = 'none'").libvirt()).isEmpty();
    }

    @Test
    void anEmptyFileSaysNothing() throws IOException {
        assertThat(settings("# nothing\n")).isEqualTo(new SettingsDraft().settings());
    }

    @Test
    void theSampleHasEverySettingWithItsDefault() throws IOException {
        String sample;
        try (InputStream in = ConfigFile.class.getResourceAsStream("vnvme.toml")) {
            sample = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(settings(sample)).isEqualTo(new SettingsDraft().settings());

        String said = Pattern.compile("(?m)^#(?=[a-z-]+ = )").matcher(sample).replaceAll("");
        List<String> keys = said.lines()
                .filter(line -> !line.startsWith("#") && !line.isBlank())
                .map(line -> line.substring(0, line.indexOf(' ')))
                .toList();
        assertThat(keys)
                .containsExactlyInAnyOrder(
                        List.of(Setting.values()).stream().map(Setting::key).toArray(String[]::new));
        assertThat(settings(said)).isEqualTo(new SettingsDraft().settings());
    }

    @Test
    void allThatIsWrongIsSaidAtOnceEachWithItsLine() throws IOException {
        ConfigException e = refused("""
                # a comment
                state = "/srv/state"
                reactor = 2

                idle = ["poll", "lazy"]
                [memory]
                hugepages = true
                """);

        assertThat(e.problems()).hasSize(3);
        assertThat(e.problems().get(0))
                .startsWith(file() + ":3:1: reactor: there is no such setting: it is one of state, run, ram, reactors");
        assertThat(e.problems().get(1)).startsWith(file() + ":5:1: idle: ").contains("lazy");
        assertThat(e.problems().get(2)).startsWith(file() + ":6:1: memory: there is no such setting");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "reactors = 65                  | 65 reactors: write 1 to 64",
                "reactors = 'many'              | 'many' is no number",
                "reactors = true                | is no text and no number",
                "reactors = [1, 2]              | has one value, not 2",
                "cpus = '3-1'                   | write them like 2,3 or 4-7",
                "idle = []                      | is empty: write poll, adaptive or interrupt",
                "ram = ['4x512M', 'ram2=1G']    | 'ram2' is there twice",
                "ram = ['fast']                 | is no RAM drive",
                "ram = [{ name = 'ram0' }]      | is no text and no number",
                "listen = '8443'                | is no address with a port",
                "listen = '0.0.0.0:70000'       | is no address with a port",
                "rehearsal = 61                 | write 0 to 60 seconds",
                "rehearsal = nan                | write 0 to 60 seconds",
                "libvirt = ''                   | is empty: write a URI",
                "state = ''                     | is empty: name a folder",
                "state = 2026-01-01             | is no text and no number"
            })
    void aWrongValueIsNamed(String line, String problem) throws IOException {
        assertThat(refused("\n" + line + "\n").problems())
                .singleElement()
                .asString()
                .startsWith(file() + ":2:1: ")
                .contains(problem);
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() throws IOException {
        assertThat(refused("reactors = 3\ncpus = '0,1'\n").problems())
                .containsExactly(file() + ": 3 reactors on 2 processors");
    }

    @Test
    void whatIsNoTomlIsRefusedWithItsLine() throws IOException {
        assertThat(refused("state = \"/srv\"\nrun = /run/vnvme\n").problems().getFirst())
                .startsWith(file() + ":2:");
        assertThat(refused("state = '/a'\nstate = '/b'\n").problems().getFirst())
                .startsWith(file() + ":2:");
    }

    @Test
    void whatCannotBeReadIsRefused() throws IOException {
        assertThatThrownBy(() -> ConfigFile.read(file()))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file() + ": there is no such file");
        Files.write(file(), new byte[] {'a', (byte) 0xFF, '\n'});
        assertThatThrownBy(() -> ConfigFile.read(file())).hasMessage(file() + ": is no UTF-8 text");
        Files.write(file(), new byte[(1 << 20) + 1]);
        assertThatThrownBy(() -> ConfigFile.read(file())).hasMessageContaining("more than a mebibyte");
    }

    /** Whatever is in the file: a draft, or problems that name it. */
    @Test
    void noTextIsAnsweredByAnythingElse() throws IOException {
        long seed = Long.getLong("vnvme.seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        List<String> words = List.of(
                "state", "ram", "idle", "cpus", "=", "=", "[", "]", "\"", "'", "\n", "\n", ",", "4x512M", "poll",
                "1e999", "-1", ".", "{", "}", "#", "\u0000", "0x10", "inf", "\"\"\"", "é", " ");
        for (int i = 0; i < 500; i++) {
            String text = random.ints(random.nextInt(30), 0, words.size())
                    .mapToObj(words::get)
                    .collect(Collectors.joining());
            Files.writeString(file(), text);
            try {
                ConfigFile.read(file()).applyTo(new SettingsDraft());
            } catch (ConfigException e) {
                assertThat(e.problems())
                        .as("seed %d, text %s", seed, text)
                        .isNotEmpty()
                        .allSatisfy(problem -> assertThat(problem).startsWith(file().toString()));
            }
        }
    }

    private Path file() {
        return folder.resolve("vnvme.toml");
    }

    private DaemonSettings settings(String text) throws IOException {
        Files.writeString(file(), text);
        SettingsDraft draft = new SettingsDraft();
        ConfigFile.read(file()).applyTo(draft);
        return draft.settings();
    }

    private ConfigException refused(String text) throws IOException {
        Files.writeString(file(), text);
        return catchThrowableOfType(
                ConfigException.class, () -> ConfigFile.read(file()).applyTo(new SettingsDraft()));
    }
}
