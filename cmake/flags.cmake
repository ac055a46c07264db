# How every source is compiled. Warnings are errors: who uses another compiler than GCC 12 or Clang 14 and meets a new
# warning switches that off with -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # one compilation serves the program and the shared library
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)   # for clang-tidy and editors
if(NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
    set(CMAKE_COMPILE_WARNING_AS_ERROR ON)
endif()

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "RelWithDebInfo, Debug, Checked or Sanitized" FORCE)
endif()
# What `make test` runs: optimised like the release, so that the optimiser's warnings and bugs show, with the asserts on.
set(CMAKE_C_FLAGS_CHECKED "-O2 -g")
set(CMAKE_EXE_LINKER_FLAGS_CHECKED "")
set(CMAKE_SHARED_LINKER_FLAGS_CHECKED "")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g3")
# For sanitizers: a little optimised, or the suite takes all day.
set(CMAKE_C_FLAGS_SANITIZED "-O1 -g")

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith
    -Wwrite-strings -Wformat-security -Wundef -fno-strict-aliasing -fstack-protector-strong)
# -fno-strict-aliasing: pages are read as integers of many widths; the kernels gain nothing measurable from the rule.

# A library that a command does not use is not loaded: commands without SQL start in milliseconds.
add_link_options(-Wl,--as-needed -Wl,-z,relro -Wl,-z,noexecstack)

if(NEURALAKE_SANITIZE)
    # GCC's warnings that follow values through a function are unreliable on instrumented code; the other builds keep them.
    add_compile_options(-fsanitize=${NEURALAKE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-maybe-uninitialized -Wno-format-truncation -Wno-format-overflow -Wno-stringop-overflow
            -Wno-stringop-truncation -Wno-array-bounds -Wno-restrict)
    endif()
    add_link_options(-fsanitize=${NEURALAKE_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
if(NEURALAKE_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "NEURALAKE_FUZZ needs Clang: cmake -DCMAKE_C_COMPILER=clang …")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# simd_sources(LIST): drop the sources of other processors, and give the rest the flags that their suffix names.
function(simd_sources var)
    set(kept)
    foreach(source IN LISTS ${var})
        set(flags)
        set(mine x86)
        if(source MATCHES "_avx2\\.c$")
            set(flags -mavx2 -mbmi -mbmi2 -mfma -mlzcnt -mpopcnt)
        elseif(source MATCHES "_avx512\\.c$")
            set(flags -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vbmi -mavx512vbmi2 -mavx2 -mbmi -mbmi2 -mfma
                -mlzcnt -mpopcnt)
            if(NEURALAKE_SANITIZE MATCHES "address" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
                # GCC aligns what it moves off the stack for use-after-return to 32 bytes only; these registers want 64.
                list(APPEND flags --param=asan-use-after-return=0)
            endif()
        elseif(source MATCHES "_neon\\.c$")
            set(mine arm)
        else()
            set(mine any)
        endif()
        if((mine STREQUAL x86 AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64") OR
           (mine STREQUAL arm AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64"))
            continue()
        endif()
        if(flags)
            set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${flags}")
        endif()
        list(APPEND kept ${source})
    endforeach()
    set(${var} ${kept} PARENT_SCOPE)
endfunction()
