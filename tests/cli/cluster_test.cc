// `understudy cluster`: what it hands to understudy-cluster.
#include <sys/stat.h>

#include <fstream>

#include "cli/process.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

using testing::HasSubstr;

TEST(ClusterCommand, ChecksBeforeItStarts) {
  const TempFolder folder;
  EXPECT_EQ(RunCli({"cluster"}).code, 2);
  EXPECT_EQ(RunCli({"cluster", "--in", "x", "--out", "y", "--least", "1"}).code, 2);
  EXPECT_EQ(RunCli({"cluster", "--in", "x", "--out", "y", "--share", "0.6"}).code, 2);
  EXPECT_EQ(RunCli({"cluster", "--in", "x", "--out", "y", "--seed", "-1"}).code, 2);
  EXPECT_EQ(RunCli({"cluster", "--in", "x", "--workspace", (folder / "none").string()}).code, 4);
}

TEST(ClusterCommand, StartsTheProgramBesideIt) {
  const TempFolder folder;
  const auto program = folder / "understudy-cluster";
  std::filesystem::copy_file(UnderstudyBinary(), folder / "understudy");
  std::ofstream(program) << "#!/bin/sh\nfor word in \"$@\"; do echo \"<$word>\"; done\nexit 7\n";
  ::chmod(program.c_str(), 0755);
  Process process({(folder / "understudy").string(), "cluster", "--in", "a b", "c", "--out", "o",
                   "--least", "30", "--json"});
  EXPECT_EQ(process.Wait(), 7);
  EXPECT_EQ(process.out(),
            "<--in>\n<a b>\n<c>\n<--out=o>\n<--least=30>\n<--share=0.02>\n<--samples=10>\n"
            "<--seed=0>\n<--json>\n");
}

}  // namespace
}  // namespace understudy
