package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * How a VM gets a vNVMe from its start, for each hypervisor: text to be copied.
 *
 * @param qemu options of QEMU's command line, a line each
 * @param libvirt elements of a domain's XML
 * @param cloudHypervisor options of Cloud Hypervisor's command line, a line each
 * @param proxmox lines of a VM's file in Proxmox VE
 */
@Json
public record RecipeInfo(String qemu, String libvirt, String cloudHypervisor, String proxmox) {}
