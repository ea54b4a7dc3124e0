# Build rules shared by all folders: one library per folder, one TableGen group
# of passes per stage, one precompiled header for everything that sees MLIR.

# add_qnt_pass_tablegen(Stage): Passes.td -> Passes.h.inc for group QntStage,
# and the page docs/Passes/Stage.md.
function(add_qnt_pass_tablegen stage)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name Qnt${stage})
  add_public_tablegen_target(Qnt${stage}PassesIncGen)
  set_property(GLOBAL APPEND PROPERTY QNT_TABLEGEN_TARGETS
               Qnt${stage}PassesIncGen)
  add_mlir_doc(Passes ${stage}Passes Passes/ -gen-pass-doc)
endfunction()

# The precompiled header lives in one object library that the others reuse.
function(_qnt_use_pch name)
  if(NOT QNT_USE_PCH)
    return()
  endif()
  if(NOT TARGET QntPCH)
    add_library(QntPCH OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cpp")
    target_precompile_headers(QntPCH PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h")
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
      target_compile_options(QntPCH PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_precompile_headers(${name} REUSE_FROM QntPCH)
endfunction()

# add_qnt_library(QntName sources... [PLAIN] [DEPENDS targets...]
#                 [LINK_LIBS libs...])
# PLAIN: a library that may not see MLIR (Numerics).
function(add_qnt_library name)
  cmake_parse_arguments(ARG "PLAIN" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  if(NOT ARG_PLAIN)
    get_property(tablegen GLOBAL PROPERTY QNT_TABLEGEN_TARGETS)
    if(tablegen)
      add_dependencies(${name} ${tablegen})
    endif()
    _qnt_use_pch(${name})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
endfunction()

# add_qnt_tool(name sources... LINK_LIBS libs...): an executable in bin/ that
# exports its symbols for plugins.
function(add_qnt_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
endfunction()

# add_qnt_unittest(name sources... LINK_LIBS libs...): a gtest executable under
# test/unit. The suite finds binaries by the suffix Tests, added where missing.
function(add_qnt_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test/unit")
  if(NOT name MATCHES "Tests$")
    set_target_properties(${name} PROPERTIES OUTPUT_NAME "${name}Tests")
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} gtest gtest_main
                        pthread)
  add_dependencies(QntUnitTests ${name})
endfunction()
