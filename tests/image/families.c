/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "families.h"

#define MAC "52:54:00:6b:1d:9e"
#define ID  "0123456789abcdef0123456789abcdef\n"
#define X   "x\n"

/* Gone, emptied, and left as it is. */
#define GONE(operation, path)                                                                      \
    {                                                                                              \
        operation, path, X, NULL                                                                   \
    }
#define EMPTY(operation, path)                                                                     \
    {                                                                                              \
        operation, path, X, ""                                                                     \
    }
#define STAYS(operation, path)                                                                     \
    {                                                                                              \
        operation, path, X, X                                                                      \
    }
#define TEXT(operation, path, text)                                                                \
    {                                                                                              \
        operation, path, text, text                                                                \
    }
#define LEAVES(operation, path, b, a)                                                              \
    {                                                                                              \
        operation, path, b, a                                                                      \
    }
#define ABSENT(operation, path)                                                                    \
    {                                                                                              \
        operation, path, NULL, NULL                                                                \
    }
#define BASE(path, text)                                                                           \
    {                                                                                              \
        NULL, path, text, text                                                                     \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, NULL, NULL                                                                     \
    }
#define UNIT "etc/systemd/system/ingot-ssh-host-keys.service"

static const struct family_file ubuntu[] = {
    BASE("etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n"),
    BASE("etc/debian_version", "trixie/sid\n"),
    BASE("var/lib/dpkg/status", "Package: base-files\nStatus: install ok installed\n"
                                "Architecture: amd64\nVersion: 13\n\n"),
    BASE("bin/true", X),
    BASE("usr/lib/systemd/systemd", X),
    BASE("usr/bin/cloud-init", X),
    BASE("usr/sbin/sshd", X),
    LEAVES("swap", "etc/fstab",
           "UUID=1 / ext4 defaults 0 1\n/swap.img\tnone\tswap\tsw\t0\t0\n# x none swap\n"
           "/dev/vda2 /swap ext4 x 0 2\n",
           "UUID=1 / ext4 defaults 0 1\n# x none swap\n/dev/vda2 /swap ext4 x 0 2\n"),
    GONE("swap", "swap.img"),
    STAYS("swap", "swap.img.txt"),
    LEAVES("swap", "etc/default/grub",
           "# resume=/dev/x\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet resume=/dev/vda5 splash\"\n"
           "GRUB_CMDLINE_LINUX=\"noresume=1 resume=UUID=12-34 resume_offset=9\"\n",
           "# resume=/dev/x\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet splash\"\n"
           "GRUB_CMDLINE_LINUX=\"noresume=1 \"\n"),
    LEAVES("swap", "etc/initramfs-tools/conf.d/resume", "RESUME=UUID=12-34\n", "RESUME=none\n"),
    TEXT("swap", "etc/initramfs-tools/initramfs.conf", "MODULES=most\n#RESUME=/dev/x\n"),
    EMPTY("machine-id", "etc/machine-id"),
    GONE("ssh-host-keys", "etc/ssh/ssh_host_rsa_key"),
    STAYS("ssh-host-keys", "etc/ssh/ssh_host_keys.md"),
    ABSENT("ssh-host-keys", UNIT),
    GONE("installer-leavings", "etc/cloud/cloud.cfg.d/99-installer.cfg"),
    STAYS("installer-leavings", "etc/cloud/cloud.cfg.d/05_logging.cfg"),
    GONE("installer-leavings", "var/log/installer/autoinstall-user-data"),
    GONE("installer-leavings", "root/curtin-install-cfg.yaml"),
    STAYS("installer-leavings", "etc/netplan/00-installer-config.yaml"),
    LEAVES("installer-leavings", "etc/apt/apt.conf.d/90curtin-aptproxy",
           "Acquire::http::Proxy \"http://10.0.2.2:3142\";\n", ""),
    TEXT("installer-leavings", "etc/apt/apt.conf.d/95proxy",
         "Acquire::http::Proxy \"http://10.0.20.2:3142\";\n# Proxy \"http://10.0.2.2\"\n"),
    LEAVES("net-identity", "etc/netplan/50-cloud-init.yaml",
           "      match:\n        macaddress: " MAC "\n      dhcp4: true\n",
           "      match:\n        name: \"e*\"\n      dhcp4: true\n"),
    TEXT("net-identity", "etc/netplan/60-static.yaml", "      addresses: [10.1.1.1/24]\n"),
    GONE("cloud-init", "var/lib/cloud/instances/i-1/user-data.txt"),
    STAYS("cloud-init", "etc/cloud/cloud.cfg"),
    GONE("dhcp-leases", "var/lib/dhcp/dhclient.ens3.leases"),
    STAYS("dhcp-leases", "etc/dhcp/dhclient.conf"),
    GONE("rh-subscription-manager", "var/lib/ubuntu-advantage/private/machine-token.json"),
    STAYS("rh-subscription-manager", "etc/ubuntu-advantage/uaclient.conf"),
    GONE("package-cache", "var/cache/apt/archives/vim_1.deb"),
    STAYS("package-cache", "var/cache/apt/archives/lock"),
    STAYS("rpm-db", "var/lib/rpm/__db.001"), /* not of this family */
    STAYS("cron-spool", "var/spool/cron/crontabs/root"),
    END};

static const struct family_file red_hat_old[] = {
    BASE("etc/redhat-release", "CentOS release 6.10 (Final)\n"),
    BASE("var/lib/rpm/Packages", X),
    BASE("bin/true", X),
    BASE("usr/sbin/sshd", X),
    BASE("etc/init.d/sshd", X), /* makes host keys itself */
    LEAVES("swap", "etc/fstab", "UUID=1 / ext4 defaults 1 1\nUUID=2 swap swap defaults 0 0\n",
           "UUID=1 / ext4 defaults 1 1\n"),
    LEAVES("swap", "boot/grub/grub.conf", "\tkernel /vmlinuz ro root=UUID=1 resume=UUID=2 quiet\n",
           "\tkernel /vmlinuz ro root=UUID=1 quiet\n"),
    ABSENT("machine-id", "etc/machine-id"), /* no systemd: nobody fills it */
    GONE("machine-id", "var/lib/dbus/machine-id"),
    GONE("ssh-host-keys", "etc/ssh/ssh_host_dsa_key.pub"),
    ABSENT("ssh-host-keys", UNIT),
    LEAVES("net-identity", "etc/sysconfig/network-scripts/ifcfg-eth0",
           "DEVICE=eth0\nHWADDR=" MAC "\nUUID=12-34\nMACADDR=" MAC "\nHOSTNAME=old\n"
           "DHCP_HOSTNAME=old\nONBOOT=yes\n",
           "DEVICE=eth0\nONBOOT=yes\n"),
    TEXT("net-hostname", "etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=golden\n"),
    TEXT("net-identity", "etc/sysconfig/network-scripts/ifcfg-lo", "DEVICE=lo\n#HWADDR=x\n"),
    GONE("udev-persistent-net", "etc/udev/rules.d/70-persistent-net.rules"),
    STAYS("udev-persistent-net", "etc/udev/rules.d/70-persistent-cd.rules"),
    GONE("dhcp-leases", "var/lib/dhclient/dhclient-eth0.leases"),
    GONE("dhcp-server-state", "var/lib/dhcpd/dhcpd.leases"),
    STAYS("dhcp-server-state", "etc/dhcp/dhcpd.conf"),
    GONE("rh-subscription-manager", "etc/sysconfig/rhn/systemid"),
    STAYS("rh-subscription-manager", "etc/sysconfig/rhn/up2date"),
    GONE("uuids-of-tools", "var/lib/yum/uuid"),
    GONE("uuids-of-tools", "etc/sysconfig/hw-uuid"),
    STAYS("uuids-of-tools", "var/lib/yum/yumdb/x"),
    GONE("installer-leavings", "root/anaconda-ks.cfg"),
    GONE("installer-leavings", "root/install.log.syslog"),
    STAYS("installer-leavings", "root/notes.cfg"),
    LEAVES("installer-leavings", "etc/yum.conf",
           "[main]\nproxy=http://10.0.2.2:3128\nkeepcache=0\n", "[main]\nkeepcache=0\n"),
    GONE("rpm-db", "var/lib/rpm/__db.001"),
    STAYS("rpm-db", "var/lib/rpm/Basenames"),
    GONE("random-seed", "var/lib/random-seed"),
    GONE("blkid-tab", "etc/blkid/blkid.tab"),
    GONE("package-cache", "var/cache/yum/x86_64/6/base/repomd.xml"),
    EMPTY("logs", "var/log/messages"),
    GONE("logs", "var/log/messages-20200101"),
    STAYS("cron-spool", "var/spool/cron/root"),
    GONE("pacct-log", "var/account/pacct"),
    END};

static const char grubenv_before[] = "# GRUB Environment Block\n"
                                     "kernelopts=root=UUID=1 ro resume=/dev/mapper/r-swap quiet\n";
static const char grubenv_after[] = "# GRUB Environment Block\nkernelopts=root=UUID=1 ro quiet\n";

static const struct family_file red_hat_new[] = {
    BASE("etc/os-release", "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Red Hat 9.4\"\n"),
    BASE("etc/redhat-release", "Red Hat Enterprise Linux release 9.4 (Plow)\n"),
    BASE("bin/true", X),
    BASE("usr/lib/systemd/systemd", X),
    BASE("usr/lib/systemd/system/sshd-keygen.target", X),
    BASE("usr/sbin/sshd", X),
    BASE("etc/fstab", "UUID=1 / xfs defaults 0 0\n"),
    LEAVES("swap", "etc/default/grub",
           "GRUB_CMDLINE_LINUX=\"crashkernel=1G resume=/dev/mapper/r-swap rd.lvm.lv=r/root\"\n",
           "GRUB_CMDLINE_LINUX=\"crashkernel=1G rd.lvm.lv=r/root\"\n"),
    LEAVES("swap", "boot/loader/entries/1.conf", "title x\noptions root=UUID=1 ro resume=UUID=2\n",
           "title x\noptions root=UUID=1 ro \n"),
    LEAVES("swap", "etc/kernel/cmdline", "resume=UUID=2 root=UUID=1\n", "root=UUID=1\n"),
    LEAVES("swap", "etc/dracut.conf.d/x.conf",
           "add_dracutmodules+=\" resume lvm \"\n# add_dracutmodules+=\" resume \"\n",
           "add_dracutmodules+=\"  lvm \"\n# add_dracutmodules+=\" resume \"\n"),
    LEAVES("swap", "boot/grub2/grubenv", grubenv_before, grubenv_after), /* padded to 1024 bytes */
    EMPTY("machine-id", "etc/machine-id"),
    GONE("ssh-host-keys", "etc/ssh/ssh_host_ecdsa_key"),
    ABSENT("ssh-host-keys", UNIT),
    LEAVES("net-identity", "etc/NetworkManager/system-connections/enp1s0.nmconnection",
           "[connection]\nuuid=12-34\nid=enp1s0\n[ethernet]\nmac-address=" MAC
           "\ncloned-mac-address=" MAC "\n",
           "[connection]\nid=enp1s0\n[ethernet]\n"),
    TEXT("net-nmconn", "etc/NetworkManager/system-connections/br0.nmconnection",
         "[connection]\nid=br0\n[ethernet]\ncloned-mac-address=stable\n"),
    GONE("dhcp-leases", "var/lib/NetworkManager/secret_key"),
    GONE("dhcp-leases", "var/lib/NetworkManager/internal-12-enp1s0.lease"),
    STAYS("dhcp-leases", "var/lib/NetworkManager/NetworkManager.state"),
    GONE("rh-subscription-manager", "etc/pki/consumer/cert.pem"),
    STAYS("rh-subscription-manager", "etc/pki/product/479.pem"),
    GONE("package-cache", "var/cache/dnf/base/repodata/repomd.xml"),
    GONE("package-cache", "var/cache/libdnf5/base/repomd.xml"),
    STAYS("package-cache", "var/lib/dnf/history.sqlite"),
    GONE("uuids-of-tools", "var/lib/dnf/repos/base/countme"),
    GONE("uuids-of-tools", "etc/insights-client/machine-id"),
    STAYS("uuids-of-tools", "etc/insights-client/insights-client.conf"),
    GONE("installer-leavings", "root/anaconda-ks.cfg"),
    GONE("installer-leavings", "var/log/anaconda/syslog"),
    LEAVES("installer-leavings", "etc/dnf/dnf.conf",
           "[main]\nproxy = http://10.0.2.2:3128/\nbest=True\n", "[main]\nbest=True\n"),
    TEXT("installer-leavings", "etc/yum.repos.d/x.repo",
         "[x]\nproxy=http://proxy.example.org\nbaseurl=http://10.0.2.2/\n"),
    GONE("ldap-state", "var/lib/sss/db/cache.ldb"),
    STAYS("ldap-state", "etc/sssd/sssd.conf"),
    GONE("ipa-client", "var/lib/ipa-client/sysrestore/sysrestore.state"),
    GONE("random-seed", "var/lib/systemd/random-seed"),
    GONE("backup-files", "etc/ssh/sshd_config.d/50-redhat.conf~"),
    STAYS("ca-certificates", "etc/pki/tls/private/localhost.key"),
    END};

static const struct family_file suse[] = {
    BASE("etc/os-release", "ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\nPRETTY_NAME=\"Leap\"\n"),
    BASE("bin/true", X),
    BASE("usr/lib/systemd/systemd", X),
    BASE("usr/sbin/sshd", X),
    BASE("usr/sbin/sshd-gen-keys-start", X),
    LEAVES("swap", "etc/fstab", "UUID=1  /  ext4  x  0  1\nUUID=2  swap  swap  defaults  0  0\n",
           "UUID=1  /  ext4  x  0  1\n"),
    LEAVES("swap", "etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"resume=/dev/sda1 quiet\"\n",
           "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"),
    EMPTY("machine-id", "etc/machine-id"),
    GONE("ssh-host-keys", "etc/ssh/ssh_host_ed25519_key"),
    ABSENT("ssh-host-keys", UNIT),
    LEAVES("net-identity", "etc/sysconfig/network/ifcfg-eth0",
           "BOOTPROTO='dhcp'\nLLADDR='" MAC "'\nHWADDR='" MAC "'\nSTARTMODE='auto'\n",
           "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n"),
    TEXT("net-hostname", "etc/sysconfig/network/dhcp", "DHCLIENT_HOSTNAME_OPTION=\"AUTO\"\n"),
    GONE("udev-persistent-net", "etc/udev/rules.d/70-persistent-net.rules"),
    GONE("dhcp-leases", "var/lib/wicked/lease-eth0-dhcp-ipv4.xml"),
    GONE("dhcp-leases", "var/lib/wicked/duid.xml"),
    STAYS("dhcp-leases", "etc/wicked/common.xml"),
    GONE("installer-leavings", "root/autoinst.xml"),
    GONE("installer-leavings", "var/adm/autoinstall/cache/installed.xml"),
    GONE("installer-leavings", "var/log/YaST2/y2log"),
    GONE("installer-leavings", "etc/install.inf"),
    GONE("installer-leavings", "var/log/agama-installation/logs.tar.gz"),
    STAYS("installer-leavings", "var/adm/backup/x"),
    LEAVES("installer-leavings", "etc/sysconfig/proxy",
           "PROXY_ENABLED=\"yes\"\nHTTP_PROXY=\"http://10.0.2.2:3128\"\nNO_PROXY=\"localhost\"\n",
           "PROXY_ENABLED=\"yes\"\nNO_PROXY=\"localhost\"\n"),
    GONE("rh-subscription-manager", "etc/zypp/credentials.d/SCCcredentials"),
    STAYS("rh-subscription-manager", "etc/zypp/zypp.conf"),
    GONE("package-cache", "var/cache/zypp/raw/oss/repomd.xml"),
    STAYS("package-cache", "var/lib/zypp/AutoInstalled"),
    GONE("uuids-of-tools", "var/lib/zypp/AnonymousUniqueId"),
    GONE("mail-spool", "var/spool/mail/root"),
    END};

static const struct family_file alpine[] = {
    BASE("etc/alpine-release", "3.20.3\n"),
    BASE("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n"),
    BASE("bin/true", X),
    BASE("usr/sbin/sshd", X),
    BASE("etc/init.d/sshd", X), /* OpenRC's; makes host keys itself */
    LEAVES("swap", "etc/fstab", "UUID=1\t/\text4\trw 0 1\nUUID=2\tswap\tswap\tdefaults 0 0\n",
           "UUID=1\t/\text4\trw 0 1\n"),
    LEAVES("swap", "boot/extlinux.conf", "  APPEND root=UUID=1 resume=UUID=2 quiet\n",
           "  APPEND root=UUID=1 quiet\n"),
    LEAVES("swap", "etc/update-extlinux.conf", "default_kernel_opts=\"quiet resume=UUID=2\"\n",
           "default_kernel_opts=\"quiet \"\n"),
    ABSENT("machine-id", "etc/machine-id"),
    GONE("machine-id", "var/lib/dbus/machine-id"),
    GONE("ssh-host-keys", "etc/ssh/ssh_host_ed25519_key"),
    ABSENT("ssh-host-keys", UNIT),
    LEAVES("net-identity", "etc/network/interfaces",
           "iface eth0 inet dhcp\n\thwaddress ether " MAC "\n\thostname golden\n",
           "iface eth0 inet dhcp\n\thostname golden\n"),
    GONE("dhcp-leases", "var/lib/dhcpcd/duid"),
    STAYS("dhcp-leases", "etc/udhcpc/udhcpc.conf"),
    GONE("dhcp-server-state", "var/lib/misc/udhcpd.leases"),
    GONE("random-seed", "var/lib/seedrng/seed.credit"),
    GONE("random-seed", "var/lib/misc/random-seed"),
    GONE("installer-leavings", "root/answerfile"),
    STAYS("installer-leavings", "root/answers"),
    LEAVES("installer-leavings", "etc/profile.d/proxy.sh",
           "export http_proxy=http://10.0.2.2:3128\nexport no_proxy=localhost\n",
           "export no_proxy=localhost\n"),
    GONE("package-cache", "var/cache/apk/APKINDEX.00740ba1.tar.gz"),
    STAYS("package-cache", "etc/apk/world"),
    GONE("shell-history", "root/.ash_history"),
    STAYS("shell-history", "root/.profile"),
    EMPTY("logs", "var/log/messages"),
    GONE("logs", "var/log/messages.0"),
    STAYS("rpm-db", "var/lib/rpm/__db.001"),
    END};

const struct family families[] = {
    {"ubuntu", "ubuntu", "deb", ubuntu},         {"red-hat-old", "centos", "rpm", red_hat_old},
    {"red-hat-new", "rhel", "rpm", red_hat_new}, {"suse", "opensuse", "rpm", suse},
    {"alpine", "alpinelinux", "apk", alpine},    {NULL, NULL, NULL, NULL}};
