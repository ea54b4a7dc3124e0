# Finds what the Python module needs and adds python/. The interpreter is that of
# build/venv, which utils/setup.sh makes, unless Python_EXECUTABLE names another.

if(NOT QNT_ENABLE_PYTHON OR QNT_ENABLE_SANITIZERS)
  return()
endif()
set(_qnt_python "${CMAKE_SOURCE_DIR}/build/venv/bin/python")
if(NOT DEFINED Python_EXECUTABLE AND NOT SKBUILD AND EXISTS "${_qnt_python}")
  set(Python_EXECUTABLE "${_qnt_python}")
endif()
find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module)
set(_qnt_nanobind "")
if(Python_FOUND)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
    OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE _qnt_nanobind ERROR_QUIET)
endif()
if(_qnt_nanobind)
  find_package(nanobind CONFIG REQUIRED PATHS "${_qnt_nanobind}"
               NO_DEFAULT_PATH)
  add_subdirectory(python)
elseif(QNT_ENABLE_PYTHON STREQUAL "AUTO")
  message(STATUS "No Python module: nanobind or Python's headers are missing")
else()
  message(FATAL_ERROR "QNT_ENABLE_PYTHON needs Python's headers and nanobind; "
                      "run utils/setup.sh")
endif()
