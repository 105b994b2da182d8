package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.AuditInfo;
import io.vnvme.control.model.HypervisorInfo;
import io.vnvme.control.model.RecipeInfo;
import io.vnvme.control.model.VmInfo;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.vm.FakeVirsh;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VmsApiTest {
    private static final String OTHER = "00000000-0000-0000-0000-00000000000a";

    @TempDir
    Path folder;

    private FakeVirsh virsh;
    private ServedApi api;

    @BeforeEach
    void serve() throws IOException {
        virsh = new FakeVirsh(folder.resolve("bin")).withDomain("web");
        virsh.answer("list", "%s web\n%s it's 100%% ä\n".formatted(FakeVirsh.UUID, OTHER));
        virsh.answer("domstats", "Domain: 'web'\n  state.state=1\nDomain: 'it's 100% ä'\n  state.state=5\n");
        api = new ServedApi(folder, virsh.libvirt());
        api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        api.ok("POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}");
    }

    @AfterEach
    void end() {
        api.close();
    }

    private List<VmInfo> vms(String query) throws IOException {
        return ServedApi.JSONB.type(VmInfo.class).list().fromJson(api.ok("GET", "/api/v1/vms" + query, ""));
    }

    @Test
    void vmsAreListedAndShown() throws IOException {
        assertThat(vms("")).extracting(VmInfo::name).containsExactly("web", "it's 100% ä");
        assertThat(vms("?limit=1")).extracting(VmInfo::name).containsExactly("it's 100% ä");
        ApiClient client = new ApiClient(folder);
        assertThat(client.readList(client.get("/api/v1/vms?limit=1"), VmInfo.class))
                .hasSize(2);
        VmInfo other =
                ServedApi.JSONB.type(VmInfo.class).fromJson(api.ok("GET", "/api/v1/vms/it%27s%20100%25%20%C3%A4", ""));
        assertThat(other.uuid()).isEqualTo(OTHER);
        assertThat(other.state()).isEqualTo("off");
        ServedApi.assertProblem(api.request("GET", "/api/v1/vms/none", ""), 404, "unknown-vm");
        assertThat(ServedApi.JSONB.type(HypervisorInfo.class).list().fromJson(api.ok("GET", "/api/v1/hypervisors", "")))
                .containsExactly(new HypervisorInfo("libvirt", "fake:///system", "connected", ""));
    }

    @Test
    void whatCannotBeAttachedIsAProblem() throws IOException {
        String attach = "/api/v1/vms/web/attach";
        ServedApi.assertProblem(api.request("POST", attach, "{}"), 400, "bad-request");
        ServedApi.assertProblem(api.request("POST", attach, "{\"vnvme\":\"none\"}"), 404, "unknown-vnvme");
        ServedApi.assertProblem(
                api.request("POST", "/api/v1/vms/none/attach", "{\"vnvme\":\"d1\"}"), 404, "unknown-vm");
        ServedApi.assertProblem(
                api.request("POST", "/api/v1/vms/web/detach", "{\"vnvme\":\"d1\"}"), 409, "not-attached");
        virsh.answer("query-status", "{\"return\":{\"status\":\"paused\"}}");
        ServedApi.assertProblem(
                api.request("POST", "/api/v1/vnvmes/d1/attach", "{\"vm\":\"web\"}"), 409, "vm-not-running");
        assertThat(ServedApi.JSONB.type(AuditInfo.class).list().fromJson(api.ok("GET", "/api/v1/audit", "")))
                .extracting(AuditInfo::what)
                .contains("POST /api/v1/vnvmes/d1/attach {vm=web}", "POST " + attach + " {vnvme=none}");
    }

    @Test
    void vnvmesOfAVmAndTheirRecipes() throws IOException {
        assertThat(ServedApi.JSONB.type(VnvmeInfo.class).list().fromJson(api.ok("GET", "/api/v1/vnvmes?vm=web", "")))
                .isEmpty();
        assertThat(ServedApi.JSONB
                        .type(RecipeInfo.class)
                        .fromJson(api.ok("GET", "/api/v1/vnvmes/d1/recipe", ""))
                        .libvirt())
                .contains("/drives/d1/cntrl");
        ServedApi.assertProblem(api.request("GET", "/api/v1/vnvmes/none/recipe", ""), 404, "unknown-vnvme");
        api.ok("POST", "/api/v1/groups", "{\"name\":\"g1\"}");
        api.ok("POST", "/api/v1/groups", "{\"name\":\"g2\"}");
        // What was asked for besides is asked for in the next part too.
        assertThat(api.request("GET", "/api/v1/groups?limit=1&vm=a%20b%26c", "").headers())
                .containsEntry("link", "</api/v1/groups?limit=1&after=g1&vm=a+b%26c>; rel=\"next\"");
    }
}
