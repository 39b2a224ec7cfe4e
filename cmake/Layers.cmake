# understudy_layer(NAME DEPENDS... [LINK libs...]): one folder of src/ and those in it as one static library.
# A layer sees its DEPENDS and nothing else, so the order of the house is checked by the linker. All layers
# share one precompiled header.
function(understudy_layer name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc
    ${CMAKE_SOURCE_DIR}/src/${name}/*/*.cc)
  add_library(understudy_${name} STATIC ${sources})
  target_link_libraries(understudy_${name} PUBLIC understudy_flags)
  foreach(layer ${ARG_DEPENDS})
    target_link_libraries(understudy_${name} PUBLIC understudy_${layer})
  endforeach()
  target_link_libraries(understudy_${name} PUBLIC ${ARG_LINK})
  understudy_use_pch(understudy_${name})
endfunction()

# The shared precompiled header, built once by understudy_pch.
function(understudy_use_pch target)
  target_precompile_headers(${target} REUSE_FROM understudy_pch)
  target_link_libraries(${target} PUBLIC fmt::fmt Boost::json)
endfunction()
