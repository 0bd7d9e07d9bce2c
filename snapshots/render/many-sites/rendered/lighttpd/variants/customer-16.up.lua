do -- fence variant=up generation=0 site=customer-16 (generated, do not edit)
end
