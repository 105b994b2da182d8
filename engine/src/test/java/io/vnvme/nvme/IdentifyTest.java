package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Identify data structures, byte for byte at the specification's offsets. */
class IdentifyTest {
    private final Host host = Host.ready();

    @AfterEach
    void close() {
        host.close();
    }

    private int identify(int cns, int nsid, int dword11) {
        host.data(4096).fill((byte) 0xee);
        return host.admin(AdminOpcode.IDENTIFY)
                .nsid(nsid)
                .dptr(Host.DATA, 0)
                .dword(10, cns)
                .dword(11, dword11)
                .run()
                .status();
    }

    private int u8(long at) {
        return host.data(4096).get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    private int u16(long at) {
        return host.data(4096).get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xffff;
    }

    private int u32(long at) {
        return host.data(4096).get(ValueLayout.JAVA_INT_UNALIGNED, at);
    }

    private long u64(long at) {
        return host.data(4096).get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }

    private String text(long at, int length) {
        byte[] bytes = host.data(4096).asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private void zeros(long from, long to) {
        MemorySegment range = host.data(4096).asSlice(from, to - from);
        assertThat(range.toArray(ValueLayout.JAVA_BYTE))
                .as("bytes %d to %d", from, to - 1)
                .containsOnly(0);
    }

    @Test
    void geometryOfTheVolume() {
        host.volume.physicalBlockBytes = 16384;
        host.volume.optimalWriteBytes = 1 << 20;
        assertThat(identify(Cns.NAMESPACE, 1, 0)).isEqualTo(Status.SUCCESS);
        assertThat(u8(24) & 1 << 4).as("NSFEAT.OPTPERF").isNotZero();
        for (long at : new long[] {64, 66, 68, 70}) {
            assertThat(u16(at)).as("NPWG, NPWA, NPDG, NPDA").isEqualTo(16384 / 512 - 1);
        }
        assertThat(u16(72)).as("NOWS").isEqualTo((1 << 20) / 512 - 1);
    }

    @Test
    void controller() {
        assertThat(identify(Cns.CONTROLLER, 0, 0)).isEqualTo(Status.SUCCESS);
        assertThat(u16(0)).as("VID").isEqualTo(Controller.PCI_VENDOR_ID);
        assertThat(text(4, 20)).as("SN").isEqualTo("S1                  ");
        assertThat(text(24, 40).strip()).as("MN").isEqualTo("unit");
        assertThat(text(64, 8)).as("FR").isEqualTo("1       ");
        assertThat(u8(76)).as("CMIC").isZero();
        assertThat(u8(77)).as("MDTS").isEqualTo(8);
        assertThat(u16(78)).as("CNTLID").isEqualTo(7);
        assertThat(u32(80)).as("VER").isEqualTo(0x20000);
        assertThat(u32(92)).as("OAES").isEqualTo(0x100);
        assertThat(u32(96)).as("CTRATT").isEqualTo(0x41);
        zeros(100, 111);
        assertThat(u8(111)).as("CNTRLTYPE").isEqualTo(1);
        zeros(112, 256);
        assertThat(u16(256)).as("OACS").isEqualTo(0x102);
        assertThat(u8(258)).as("ACL").isEqualTo(3);
        assertThat(u8(259)).as("AERL").isEqualTo(7);
        assertThat(u8(260)).as("FRMW").isEqualTo(3);
        assertThat(u8(261)).as("LPA").isEqualTo(0x26);
        assertThat(u8(262)).as("ELPE").isEqualTo(63);
        assertThat(u8(263)).as("NPSS").isZero();
        assertThat(u16(266)).as("WCTEMP").isEqualTo(343);
        assertThat(u16(268)).as("CCTEMP").isEqualTo(353);
        assertThat(u16(320)).as("KAS").isEqualTo(1);
        assertThat(u8(512)).as("SQES").isEqualTo(0x66);
        assertThat(u8(513)).as("CQES").isEqualTo(0x44);
        assertThat(u32(516)).as("NN").isEqualTo(128);
        assertThat(u16(520)).as("ONCS").isEqualTo(0x1fd);
        assertThat(u16(522)).as("FUSES").isEqualTo(1);
        assertThat(u8(524)).as("FNA").isEqualTo(8);
        assertThat(u8(525)).as("VWC").isEqualTo(7);
        assertThat(u16(526)).as("AWUN").isZero();
        assertThat(u16(532)).as("ACWU").isZero();
        assertThat(u16(534)).as("OCFS").isEqualTo(1);
        assertThat(u32(536)).as("SGLS").isEqualTo(0x50001);
        zeros(544, 768);
        assertThat(text(768, 256)).as("SUBNQN").startsWith("nqn.2026-01.io.vnvme:unit\0");
        zeros(1024, 2048);
        assertThat(u16(2048)).as("MP of power state 0").isEqualTo(1000);
        zeros(2080, 4096);
    }

    @Test
    void namesOfVolumes() {
        host.controller.namespaces().all().getFirst().named("disk-1");
        assertThat(identify(Cns.CONTROLLER, 0, 0)).isEqualTo(Status.SUCCESS);
        assertThat(text(3072, 40)).isEqualTo("disk-1" + "\0".repeat(34));
        zeros(3112, 4096);
        assertThat(identify(Cns.NAMESPACE, 1, 0)).isEqualTo(Status.SUCCESS);
        assertThat(text(384, 40)).isEqualTo("disk-1" + "\0".repeat(34));
        zeros(424, 4096);
    }

    @Test
    void namespace() {
        assertThat(identify(Cns.NAMESPACE, 1, 0)).isEqualTo(Status.SUCCESS);
        assertThat(u64(0)).as("NSZE").isEqualTo(8192);
        assertThat(u64(8)).as("NCAP").isEqualTo(8192);
        assertThat(u64(16)).as("NUSE").isEqualTo(8192);
        assertThat(u8(24)).as("NSFEAT").isEqualTo(0x10);
        assertThat(u8(25)).as("NLBAF").isZero();
        assertThat(u8(26)).as("FLBAS").isZero();
        zeros(27, 31);
        assertThat(u8(31)).as("RESCAP").isEqualTo(0xfe);
        assertThat(u8(33)).as("DLFEAT").isEqualTo(9);
        assertThat(u16(64)).as("NPWG").isEqualTo(7);
        assertThat(u16(72)).as("NOWS").isEqualTo(7);
        assertThat(u16(74)).as("MSSRL").isEqualTo(8192);
        assertThat(u32(76)).as("MCL").isEqualTo(32768);
        assertThat(u8(80)).as("MSRC").isEqualTo(127);
        assertThat(u32(92)).as("ANAGRPID").isEqualTo(1);
        assertThat(u8(99)).as("NSATTR").isZero();
        NamespaceIdentity identity = host.namespace(1).identity();
        assertThat(host.data(4096).asSlice(104, 16).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(identity.nguidBytes());
        assertThat(host.data(4096).asSlice(120, 8).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(identity.eui64Bytes());
        assertThat(u32(128)).as("LBAF0").isEqualTo(9 << 16);
        zeros(132, 4096);
    }

    @Test
    void identifiersThatCannotBeAndThatAreNotThere() {
        assertThat(identify(Cns.NAMESPACE, -1, 0))
                .as("without namespace management")
                .isEqualTo(Status.INVALID_NAMESPACE);
        assertThat(identify(Cns.NAMESPACE, 129, 0)).isEqualTo(Status.INVALID_NAMESPACE);
        assertThat(identify(Cns.NAMESPACE, 2, 0)).isEqualTo(Status.SUCCESS);
        zeros(0, 4096);
        assertThat(identify(Cns.NAMESPACE_DESCRIPTORS, 2, 0)).isEqualTo(Status.INVALID_FIELD);
        assertThat(identify(Cns.NAMESPACE_DESCRIPTORS, -1, 0)).isEqualTo(Status.INVALID_NAMESPACE);
        assertThat(identify(Cns.ACTIVE_NAMESPACES, -2, 0)).isEqualTo(Status.INVALID_NAMESPACE);
    }

    @Test
    void descriptors() {
        assertThat(identify(Cns.NAMESPACE_DESCRIPTORS, 1, 0)).isEqualTo(Status.SUCCESS);
        assertThat(u32(0)).as("EUI64").isEqualTo(0x0801);
        assertThat(u32(12)).as("NGUID").isEqualTo(0x1002);
        assertThat(u32(32)).as("UUID").isEqualTo(0x1003);
        assertThat(u64(36)).as("UUID, big endian").isEqualTo(Long.reverseBytes(1));
        assertThat(u32(52)).as("CSI").isEqualTo(0x0104);
        zeros(56, 4096);
    }

    @Test
    void ofTheNvmCommandSet() {
        assertThat(identify(Cns.COMMAND_SET_CONTROLLER, 0, 0)).isEqualTo(Status.SUCCESS);
        assertThat(u16(0)).as("VSL and WZSL").isEqualTo(0x0808);
        assertThat(identify(Cns.COMMAND_SET_CONTROLLER, 0, 2 << 24)).isEqualTo(Status.INVALID_FIELD);
        assertThat(identify(Cns.COMMAND_SETS | 7 << 16, 0, 0)).isEqualTo(Status.SUCCESS);
        assertThat(u64(0)).isEqualTo(1);
        zeros(8, 4096);
    }

    @Test
    void independentOfCommandSets() {
        assertThat(identify(Cns.INDEPENDENT_NAMESPACE, 1, 0)).isEqualTo(Status.SUCCESS);
        assertThat(u8(2)).as("RESCAP").isEqualTo(0xfe);
        assertThat(u32(4)).as("ANAGRPID").isEqualTo(1);
        assertThat(u8(14)).as("NSTAT").isEqualTo(1);
    }
}
