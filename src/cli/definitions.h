// What each row of the table in commands.cc is made of; each is in the file of its name.
#pragma once

#include "cli/command.h"

namespace understudy {

Action DefineAuditHeads(CLI::App& app);     // audit.cc
Action DefineAuditList(CLI::App& app);      // audit.cc
Action DefineAuditVerify(CLI::App& app);    // audit.cc
Action DefineCluster(CLI::App& app);        // cluster.cc
Action DefineCompletion(CLI::App& app);     // completion.cc
Action DefineConfigCheck(CLI::App& app);    // config.cc
Action DefineConfigShow(CLI::App& app);     // config.cc
Action DefineCurate(CLI::App& app);         // curate.cc
Action DefineDoctor(CLI::App& app);         // doctor.cc
Action DefineEvaluate(CLI::App& app);       // evaluate.cc
Action DefineExchangesList(CLI::App& app);  // exchanges.cc
Action DefineExchangesShow(CLI::App& app);  // exchanges.cc
Action DefineGgufCheck(CLI::App& app);      // gguf_check.cc
Action DefineGgufDiff(CLI::App& app);       // gguf_diff.cc
Action DefineGgufMerge(CLI::App& app);      // gguf_shards.cc
Action DefineGgufShow(CLI::App& app);       // gguf_show.cc
Action DefineGgufSplit(CLI::App& app);      // gguf_shards.cc
Action DefineImport(CLI::App& app);         // import.cc
Action DefineInit(CLI::App& app);           // init.cc
Action DefineKeysCreate(CLI::App& app);     // keys.cc
Action DefineKeysList(CLI::App& app);       // keys.cc
Action DefineKeysRevoke(CLI::App& app);     // keys.cc
Action DefineKeysRotate(CLI::App& app);     // keys.cc
Action DefineModelsAdd(CLI::App& app);      // models.cc
Action DefineModelsList(CLI::App& app);     // models.cc
Action DefineModelsRemove(CLI::App& app);   // models.cc
Action DefineModelsTest(CLI::App& app);     // models_test_command.cc
Action DefinePretrain(CLI::App& app);       // tune.cc
Action DefineRecord(CLI::App& app);         // record.cc
Action DefineRefine(CLI::App& app);         // refine.cc
Action DefineReplay(CLI::App& app);         // replay.cc
Action DefineReport(CLI::App& app);         // report.cc
Action DefineSelect(CLI::App& app);         // select.cc
Action DefineRouterExplain(CLI::App& app);  // router_explain.cc
Action DefineRouterFit(CLI::App& app);      // router_fit.cc
Action DefineServe(CLI::App& app);          // serve.cc
Action DefineSimReference(CLI::App& app);   // simulate_reference.cc
Action DefineSimulateAgent(CLI::App& app);  // simulate_agent.cc
Action DefineTune(CLI::App& app);           // tune.cc
Action DefineVersion(CLI::App& app);        // version.cc

// store.cc, store_copy.cc, store_erase.cc
Action DefineStoreBackup(CLI::App& app);
Action DefineStoreErase(CLI::App& app);
Action DefineStoreExport(CLI::App& app);
Action DefineStorePurge(CLI::App& app);
Action DefineStoreRekey(CLI::App& app);
Action DefineStoreRestore(CLI::App& app);
Action DefineStoreStats(CLI::App& app);
Action DefineStoreVerify(CLI::App& app);

// deploy.cc
Action DefineDeployList(CLI::App& app);
Action DefineDeployPromote(CLI::App& app);
Action DefineDeployRetire(CLI::App& app);
Action DefineDeployRollback(CLI::App& app);
Action DefineDeployStart(CLI::App& app);
Action DefineDeployStep(CLI::App& app);

}  // namespace understudy
