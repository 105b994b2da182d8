package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.vm.QemuVersion;
import io.vnvme.control.vm.VmAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SlotMemoTest {
    private static final QemuVersion QEMU = new QemuVersion(11, 1, 0);

    @Test
    void whatIsRememberedIsRead() {
        SlotMemo socket = new SlotMemo(
                new VmAddress.Socket(Path.of("/tmp/a b/qmp.sock")), "vm 1", QEMU, "vnvme-d1.2", "d1", true, "", false);
        SlotMemo domain = new SlotMemo(
                new VmAddress.Domain("7e6b", "web"),
                "web",
                QEMU,
                "vnvme-d1",
                "d1",
                false,
                "2026-11-30T07:00:00Z",
                true);
        assertThat(SlotMemo.of(socket.text())).contains(socket);
        assertThat(SlotMemo.of(domain.text())).contains(domain);
    }

    @Test
    void aNameWithAnEndOfLineIsNoMoreThanALine() {
        SlotMemo memo =
                new SlotMemo(new VmAddress.Domain("7e6b", "web"), "a\nb", QEMU, "vnvme-d1", "d1", false, "", false);
        assertThat(SlotMemo.of(memo.text()).orElseThrow().vm()).isEqualTo("a b");
    }

    @Test
    void anythingElseIsNothing() {
        assertThat(SlotMemo.of("")).isEmpty();
        assertThat(SlotMemo.of("socket\n/x\n\nvm\nnew\nid\nd1\ntrue\n\nfalse\n."))
                .isEmpty();
    }
}
